"""The protocols of model APIs, each in a module: requests read and checked, answers and errors as the API has them."""
