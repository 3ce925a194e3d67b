"""The front door on the web, and the page behind every link."""
