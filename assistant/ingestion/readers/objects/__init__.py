"""Objects of JSON and YAML: what services and citation tools write."""
