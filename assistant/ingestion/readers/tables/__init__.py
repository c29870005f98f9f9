"""Tables: CSV and its kin, workbooks, and tables of web pages."""
