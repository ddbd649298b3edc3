"""The published folder: files replaced whole, durably, and only when their bytes change; what is ours, and no more."""

from aggregator.publish.folder import Folder

__all__ = ["Folder"]
