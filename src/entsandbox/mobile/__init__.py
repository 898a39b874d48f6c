"""The mobile side of the sandbox: OpenID Connect over the CAS, and the JSON:API that Skolengo's mobile app speaks."""
