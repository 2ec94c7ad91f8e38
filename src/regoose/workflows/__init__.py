"""In what order things happen: the workflows, and the service that starts, follows and resumes their runs."""
