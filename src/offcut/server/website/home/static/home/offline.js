// @ts-check
/** The offline page: goes on as soon as the network is back. */

const again = () => location.reload();
window.addEventListener("online", again);
setInterval(() => navigator.onLine && fetch("/healthz").then((answer) => answer.ok && again()).catch(() => {}), 5000);
