"""The executor as a service of its user: started at login, started again after a crash."""
