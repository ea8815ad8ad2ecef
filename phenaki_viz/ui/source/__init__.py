"""Where maps come from: which model, clip and prompt; the sidebar."""
