"""When things happen; how they happen is the hallways' business."""
