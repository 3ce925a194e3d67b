"""The product without its front doors: knows no chat platform and no HTTP."""
