"""What a page costs, and what there is to pay it with: workers, pool, queue, places; and the computed truth of it."""
