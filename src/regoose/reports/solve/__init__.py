"""What `regoose solve` came to, as a page and as the body of a pull request."""
