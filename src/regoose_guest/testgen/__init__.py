"""Write tests for one module by search: values, exploration, observed behaviour, a file of tests."""
