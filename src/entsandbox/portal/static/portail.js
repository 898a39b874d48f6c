// Starts the background requests that a page declares in data-xhr.
for (const url of (document.body.dataset.xhr ?? "").split(" ").filter(Boolean)) {
  fetch(url, { headers: { "X-Requested-With": "XMLHttpRequest" } });
}

// Chat and video class: opens the room that is chosen, keeps it by heartbeats, shows who is there and what is said.
const choice = document.getElementById("salle");
if (choice) {
  const state = document.getElementById("etat"), thread = document.getElementById("fil");
  const enter = document.getElementById("entrer"), go = document.getElementById("sortir");
  const text = document.getElementById("texte");
  let socket, beat, bytes = 0, since = 0, present = 0;
  const line = (words) => { const item = document.createElement("li"); item.textContent = words; thread.append(item); };
  const inside = (open) => { enter.disabled = open; go.disabled = !open; if (text) text.disabled = !open; };
  const rate = () => `${present} personne(s) dans la salle` +
    (bytes ? ` · ${Math.round(bytes * 8 / (performance.now() - since))} kbit/s reçus` : "");
  const hear = (message) => {
    if (message.type === "waiting") {
      state.textContent = `Salle d'attente : vous êtes à la place ${message.position}.`;
    } else if (message.type === "joined") {
      present = message.present;
      since = performance.now();
      for (const said of message.history ?? []) line(`${said.who} : ${said.text}`);
      beat = setInterval(() => {
        socket.send(JSON.stringify({ type: "heartbeat", n: Math.round(performance.now()) }));
        state.textContent = rate();
      }, message.heartbeat_seconds * 1000);
      state.textContent = rate();
    } else if (message.type === "said") {
      line(`${message.who} : ${message.text}`);
    } else if (message.type === "presence") {
      present = message.present;
      state.textContent = rate();
    } else if (message.type === "refused" || message.type === "closed") {
      line(`Refusé : ${message.reason}`);
    }
  };
  enter.onclick = () => {
    socket = new WebSocket(new URL(choice.value, location.href.replace(/^http/, "ws")));
    socket.binaryType = "arraybuffer";
    bytes = 0;
    thread.replaceChildren();
    inside(true);
    socket.onmessage = ({ data }) => {
      if (typeof data === "string") return hear(JSON.parse(data));
      bytes += data.byteLength;
      state.textContent = rate();
    };
    socket.onclose = ({ reason }) => {
      clearInterval(beat);
      inside(false);
      state.textContent = `Hors de la salle. ${reason}`;
    };
  };
  go.onclick = () => socket.close(1000);
  document.getElementById("dire")?.addEventListener("submit", (event) => {
    event.preventDefault();
    socket.send(JSON.stringify({ type: "say", id: String(performance.now()), text: text.value }));
    text.value = "";
  });
}
