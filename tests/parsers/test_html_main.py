"""Main content: what is told apart, what stays when nothing can be told, and what each choice leaves as a trace."""

from __future__ import annotations

import pytest

from parsers._html_rules import hidden_by
from parsers._html_tree import Node
from parsers.html import Html
from quarry.types import Document, Element, ElementType, Origin, Outcome

ORIGIN = Origin(id="d", uri="file:///a.html", source="s", path="a.html", sha256="ab")
PROSE = (
    "The keeper of the mill said, in a letter to the town, that the wheel had stopped, that the grain, though dry, "
    "would not last, and that, before the frost, someone had to clear the race of stones and branches."
)
ARTICLE = '<meta property="og:type" content="article"><title>The mill stands still</title>'


def parsed(source: str, parser: Html | None = None) -> Document:
    return (parser or Html()).parse(source.encode(), ORIGIN)


def shown(document: Document) -> list[str]:
    return [e.span.of(document.text) for e in document.elements if e.in_body]


def clutter(document: Document) -> dict[str, Element]:
    return {e.span.of(document.text): e for e in document.elements if not e.in_body}


def paragraphs(number: int = 4) -> list[str]:
    return [f"{number + part}. {PROSE}" for part in range(number)]


def article(*extra: str) -> str:
    return "<article>" + "".join(f"<p>{text}</p>" for text in paragraphs()) + "".join(extra) + "</article>"


def test_what_surrounds_an_article_is_furniture_with_its_reason() -> None:
    links = "".join(f"<li><a href=/{n}>Another story of the valley {n}</a></li>" for n in range(9))
    found = parsed(f"{ARTICLE}<div><ul>{links}</ul></div><div>{article()}</div><div><p>Imprint</p></div>")
    assert shown(found) == paragraphs()
    rest = clutter(found)
    assert rest["Another story of the valley 3"].type is ElementType.HEADER
    assert (rest["Imprint"].type, rest["Imprint"].flags) == (ElementType.FOOTER, ("hidden", "clutter:outside"))
    assert found.parser.startswith("html/2 trafilatura/")


def test_inside_an_article_too() -> None:
    share = "<div class='share-buttons'><a href=/t>Tweet</a> <a href=/f>Post</a></div>"
    form = "<form><p>Get our letter</p><input name=a><input name=b><button>Go</button></form>"
    found = parsed(ARTICLE + article(share, form, f"<p>{PROSE}</p>"))
    assert shown(found) == [*paragraphs(), PROSE]
    assert {text: e.flags[1] for text, e in clutter(found).items()} == {
        "Tweet Post": "clutter:share",
        "Get our letter": "clutter:density",
        "Go": "clutter:density",
    }


def test_the_title_of_an_article_is_no_heading_of_it_but_that_of_a_page_is() -> None:
    head = "<h1>The mill stands still</h1>"
    assert shown(parsed(ARTICLE + "<div>" + head + article() + "</div>")) == paragraphs()
    other = parsed(f"<title>The mill stands still | Valley</title><header>{head}</header><div>{article()}</div>")
    assert shown(other) == ["The mill stands still", *paragraphs()]
    assert other.elements[1].parent == other.elements[0].id


def test_all_of_a_page_on_request() -> None:
    source = f"{ARTICLE}<nav>Menu</nav>{article()}<footer>Imprint</footer><p hidden>secret</p>"
    found = parsed(source, Html(mode="all"))
    assert shown(found) == ["Menu", *paragraphs(), "Imprint"]
    assert found.parser == "html/2"


def test_small_pages_lose_nothing_but_furniture_by_tag() -> None:
    found = parsed("<nav>Menu</nav><h1>Hours</h1><p>Monday to Friday.</p><ul><li>Closed on holidays</li></ul>")
    assert shown(found) == ["Hours", "Monday to Friday.", "Closed on holidays"]
    assert found.warnings == ()


def test_pages_of_many_small_parts_keep_them_all() -> None:
    rooms = [f"Room {n}: {n * 7} euro" for n in range(80)]
    cards = "".join(f"<div><div>{room}</div></div>" for room in rooms)
    source = f"<div><div><p>{PROSE}</p><p>{PROSE}</p></div></div><div>{cards}</div>"
    found = parsed(f"<title>Rooms</title>{source}")
    assert set(rooms) <= set(shown(found))
    assert [note.split(",")[0].split()[-3:] for note in found.warnings] == [["are", "too", "few"]]


def test_pages_too_big_to_weigh_say_so() -> None:
    found = parsed(f"<nav>Menu</nav>{'<i>a</i> ' * 61_000}")
    assert [note.split(",")[0] for note in found.warnings] == [
        "main content: the page has too many nodes or levels to weigh"
    ]
    assert shown(found) == [" ".join("a" * 61_000)]


def test_sections_of_teasers_and_comments_go() -> None:
    cards = "".join(f"<div><h3>Mill {n}</h3><p>From {n} euro</p></div>" for n in range(9))
    found = parsed(ARTICLE + article(f"<h2>Similar mills</h2>{cards}"))
    assert shown(found) == paragraphs()
    assert clutter(found)["Similar mills"].flags[1].startswith("clutter:")


@pytest.mark.parametrize("heading", ["Related work", "Similarity of mills", "More information", "Comments in code"])
def test_sections_of_text_stay_whatever_their_heading(heading: str) -> None:
    found = parsed(ARTICLE + article(f"<h2>{heading}</h2><p>{PROSE} {PROSE}</p><p>{PROSE}</p>"))
    assert shown(found)[-3:] == [heading, f"{PROSE} {PROSE}", PROSE]


def test_calls_to_read_something_else_go_from_articles_only() -> None:
    call = "<p><a href=/other>Read how the other mill in the valley was saved</a></p>"
    source = article(call, f"<p>{PROSE}</p>")
    assert "Read how" not in "".join(shown(parsed(ARTICLE + source)))
    assert "Read how" in "".join(shown(parsed(f"<title>x</title>{source}", Html(mode="all"))))


def test_a_table_around_the_page_is_no_data() -> None:
    menu = "".join(f"<p><a href=/{n}>Part {n}</a></p>" for n in range(5))
    body = "".join(f"<p>{text}</p>" for text in paragraphs())
    found = parsed(f"{ARTICLE}<table><tr><td>a</td><td>b</td></tr><tr><td>{menu}</td><td>{body}</td></tr></table>")
    assert shown(found) == paragraphs()


def test_code_tables_and_captions_stay() -> None:
    table = "<table><tr><th>Year</th><th>Tons</th></tr><tr><td>1900</td><td>41</td></tr></table>"
    figure = "<figure><img src=x alt='A wheel'><figcaption>The wheel in 1900</figcaption></figure>"
    found = parsed(
        ARTICLE + article("<pre><code class=language-py>run()</code></pre>", table, figure, f"<p>{PROSE}</p>")
    )
    kinds = [e.type for e in found.elements if e.in_body]
    assert kinds[-4:] == [
        ElementType.CODE_SNIPPET,
        ElementType.TABLE,
        ElementType.FIGURE_CAPTION,
        ElementType.NARRATIVE_TEXT,
    ]


def test_what_leads_in_a_list_stays_with_it() -> None:
    items = "".join(f"<li>{n} stones of the old wheel, each as heavy as a horse</li>" for n in range(4))
    found = parsed(ARTICLE + article(f"<p>You need:</p><ul>{items}</ul><p>{PROSE}</p>"))
    assert "You need:" in shown(found)


def test_texts_of_pictures_are_hidden_unless_asked_for() -> None:
    source = "<p>Before</p><img src=x alt='A wheel'><p>After</p>"
    assert shown(parsed(source)) == ["Before", "After"]
    found = parsed(source, Html(alt_text=True))
    assert shown(found) == ["Before", "A wheel", "After"]
    assert found.elements[1].type is ElementType.IMAGE


def test_later_paragraphs_of_a_list_item_are_text() -> None:
    found = parsed("<ol><li><p>first</p><p>more of it</p></li><li>second</li></ol>")
    assert [(e.span.of(found.text), e.type.value) for e in found.elements] == [
        ("first", "ListItem"),
        ("more of it", "UncategorizedText"),
        ("second", "ListItem"),
    ]


@pytest.mark.parametrize(
    ("style", "reason"),
    [
        ("display : none", "display"),
        ("visibility:collapse", "visibility"),
        ("font-size:0px;color:red", "size"),
        ("opacity: 0", "opacity"),
        ("position:absolute; left:-9999px", "position"),
        ("color:#FFF;background-color:#fff", "colour"),
        ("font-size:0.8em", None),
        ("opacity:0.5", None),
        ("background-color:#fff", None),
        ("color:#000;background:#fff", None),
    ],
)
def test_styles_that_hide(style: str, reason: str | None) -> None:
    assert hidden_by(Node("p", {"style": style}, None, 1)) == reason


def test_unstructured_names_the_types_on_request() -> None:
    source = "<p>12 Elm Street</p><p>Doylestown, PA 18901</p><p>a@b.org</p>"
    ours, theirs = parsed(source), parsed(source, Html(types="unstructured"))
    assert ours.text == theirs.text
    assert "unstructured/" in theirs.parser
    assert ElementType.ADDRESS in [e.type for e in theirs.elements]
    assert parsed(source, Html(types="unstructured", typed_blocks=1)).warnings == (
        "types: by tags alone, over 1 blocks",
    )


def test_jsonld_and_canonical_address() -> None:
    found = parsed(
        '<link rel=canonical href="https://valley.example/mill"><base href="/pics/"><script type="application/ld+json">'
        '{"@context":"https://schema.org","@graph":[{"@type":"WebSite","name":"Valley"},{"@type":["NewsArticle"],'
        '"headline":"Mill &amp; race","author":[{"name":"Ana Lund"},{"name":"Bo Ek"}],'
        '"datePublished":"2024-02-03T04:05Z"}]}'
        "</script><p>x <a href='a.jpg'>y</a></p>"
    )
    assert (found.author, found.created) == ("Ana Lund, Bo Ek", "2024-02-03T04:05:00+00:00")
    assert found.canonical == "https://valley.example/mill"
    assert found.elements[0].links[0].url == "https://valley.example/pics/a.jpg"


@pytest.mark.parametrize(
    "script", ["{", "[" * 100_000, '{"@graph": 3}', '"x"', "null", '[{"@type": 7, "author": {}}]', ""]
)
def test_broken_jsonld_says_nothing(script: str) -> None:
    found = parsed(f'<script type="application/ld+json">{script}</script><p>x')
    assert (found.author, found.created, found.outcome) == (None, None, Outcome.OK)


def test_a_byline_without_meta_tags() -> None:
    found = parsed("<div class=byline>Ana Lund | </div><a rel=author href=/x>Bo Ek</a><p>x</p>")
    assert found.author == "Bo Ek"
    assert parsed("<p class=byline>Ana Lund, 3 May 2024</p>").author is None
