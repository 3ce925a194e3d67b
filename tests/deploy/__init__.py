"""What operators deploy: the image, the compose files, the proxy, the chart, what watches them."""
