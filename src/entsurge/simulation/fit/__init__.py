"""A deployment from runs: what each run shows, what that says of the deployment, and what it cannot say."""
