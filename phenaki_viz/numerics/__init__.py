"""What the model and whoever records it must do alike: biases by offset, rounding, room in memory.

Plain PyTorch; knows no module, so that a recorder of anybody's model brings no model of ours along.
"""
