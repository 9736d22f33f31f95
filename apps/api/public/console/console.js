// The console page: connects noVNC to this server's websocket and says in words how it stands.
import RFB from '../novnc/core/rfb.js';

const status = document.getElementById('status');
const ctrlAltDel = document.getElementById('ctrl-alt-del');
const screen = document.getElementById('screen');

const token = new URLSearchParams(window.location.search).get('token') ?? '';
const address = new URL('console/ws', window.location.href);
address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
address.search = new URLSearchParams({ token }).toString();
// The token works once: it need not stay in the address bar, the history or a screenshot.
window.history.replaceState(null, '', window.location.pathname);

function show(text, failed) {
  status.textContent = text;
  status.classList.toggle('failed', failed);
}

const socket = new WebSocket(address, ['binary']);
let opened = false;
let end;
socket.addEventListener('open', () => {
  opened = true;
});
socket.addEventListener('close', (event) => {
  end = event;
});

const rfb = new RFB(screen, socket, { shared: true });
rfb.scaleViewport = true;
rfb.addEventListener('connect', () => {
  show('Connected', false);
  ctrlAltDel.disabled = false;
  rfb.focus();
});
rfb.addEventListener('disconnect', () => {
  ctrlAltDel.disabled = true;
  if (!opened) show('This console link has been used already or has expired: ask for a new one.', true);
  else show(`${end?.reason || 'The connection was lost.'} Ask for a new console link to go on.`, true);
});
rfb.addEventListener('securityfailure', (event) => {
  show(`The virtual machine refused the console: ${event.detail.reason ?? 'no reason given'}.`, true);
});
ctrlAltDel.addEventListener('click', () => {
  rfb.sendCtrlAltDel();
  rfb.focus();
});
