"""Placeholder."""


async def run(port: int) -> None:
    """Run."""
