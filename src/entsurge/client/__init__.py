"""One HTTP conversation as a browser has it; knows nothing of visits, ENTs or Locust."""
