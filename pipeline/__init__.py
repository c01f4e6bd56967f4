"""The steps of ingestion put together as plain functions; nothing here knows of Prefect."""
