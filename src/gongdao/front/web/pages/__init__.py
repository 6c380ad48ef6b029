"""One file per page or group of pages: views, and the forms they read."""
