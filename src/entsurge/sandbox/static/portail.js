// Starts the background requests that a page declares in data-xhr.
for (const url of (document.body.dataset.xhr ?? "").split(" ").filter(Boolean)) {
  fetch(url, { headers: { "X-Requested-With": "XMLHttpRequest" } });
}
