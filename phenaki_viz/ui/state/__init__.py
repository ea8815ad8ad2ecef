"""What is looked at: layer, head, patches, settings of the dial; and how a link says them."""
