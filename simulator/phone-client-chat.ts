/** Browser script: the conversation and the composer. Part of the page's one script, see phone-client.ts. */
export const phoneChatScript = String.raw`
const EMOJI = ['😀', '😂', '😍', '🤔', '😢', '😡', '👍', '👎', '🙏', '👏', '🎉', '🔥', '❤️', '💯', '☕', '🚚', '📦', '✅'];
const REACTIONS = ['👍', '❤️', '😂', '😮', '🙏'];

function current() { return [...state.bubbles.values()].filter((bubble) => bubble.customer === state.current); }

function summary(bubble) {
  if (!bubble) return 'an earlier message';
  return bubble.text || { image: '🖼️ Picture', video: '🎬 Video', audio: '🎤 Audio', document: '📄 ' + (bubble.filename || 'Document'),
    sticker: 'Sticker' }[bubble.kind] || bubble.kind;
}

function ticks(bubble) {
  const words = { sending: 'sending', accepted: 'accepted', sent: 'sent', delivered: 'delivered', read: 'read', failed: 'failed' };
  const marks = { sending: '🕓', accepted: '✓', sent: '✓', delivered: '✓✓', read: '✓✓', failed: '!' };
  return el('span', { className: 'ticks ' + bubble.state, textContent: marks[bubble.state], title: words[bubble.state],
    'aria-label': words[bubble.state], role: 'img' });
}

function mediaOf(bubble) {
  if (bubble.mediaId) {
    const src = '/phone/media/' + encodeURIComponent(bubble.mediaId);
    if (bubble.kind === 'video') return el('video', { src, controls: true });
    if (bubble.kind === 'audio') return el('audio', { src, controls: true });
    if (bubble.kind === 'document') return el('a', { href: src, download: bubble.filename || 'file', textContent: '📄 ' + (bubble.filename || 'Document') });
    return el('img', { src, alt: bubble.text || bubble.kind, className: bubble.kind === 'sticker' ? 'sticker' : '', onload: stayDown });
  }
  /* Shown, not loaded: this page fetches nothing from elsewhere. */
  if (bubble.link) return el('p', { textContent: '🔗 ' + bubble.link });
  return null;
}

function bubbleNode(bubble) {
  const mine = bubble.side === 'customer';
  const quoted = bubble.quotes && state.bubbles.get(bubble.quotes);
  const big = bubble.kind === 'text' && /^(\p{Extended_Pictographic}|\p{Emoji_Component}){1,8}$/u.test(bubble.text) && !/^[\d#*]+$/.test(bubble.text);
  const text = bubble.text ? el('p', { textContent: bubble.text, className: bubble.kind === 'location' ? 'pin' : big ? 'big' : '' }) : null;
  const reactions = [bubble.reactions.customer, bubble.reactions.business].filter(Boolean).join(' ');
  return el('li', { className: 'row' + (mine ? ' mine' : '') },
    el('div', { className: 'bubble' },
      bubble.quotes ? el('div', { className: 'quote', textContent: summary(quoted) }) : null,
      bubble.header ? el('p', { className: 'head', textContent: bubble.header }) : null,
      mediaOf(bubble), text,
      bubble.footer ? el('p', { className: 'foot', textContent: bubble.footer }) : null,
      el('div', { className: 'meta' }, el('time', { textContent: clock(bubble.at) }), ticks(bubble))),
    reactions ? el('span', { className: 'reacted', textContent: reactions }) : null,
    bubble.error ? el('span', { className: 'failed-note', textContent: bubble.error }) : null,
    bubble.choices ? choicesOf(bubble) : null,
    toolsOf(bubble));
}

function choicesOf(bubble) {
  return el('div', { className: 'choices' }, ...bubble.choices.map((choice) => el('button', { type: 'button', onclick: () => {
    const content = choice.kind === 'button' ? { type: 'button', button: { payload: choice.id, text: choice.title } }
      : { type: 'interactive', interactive: { type: choice.kind, [choice.kind]: { id: choice.id, title: choice.title,
          ...(choice.description ? { description: choice.description } : {}) } } };
    say({ content, replyTo: bubble.id });
  } }, choice.title, choice.description ? el('small', { textContent: choice.description }) : null)));
}

function toolsOf(bubble) {
  const react = (emoji) => say({ content: { type: 'reaction', reaction: { message_id: bubble.id,
    ...(bubble.reactions.customer === emoji ? {} : { emoji }) } } });
  return el('div', { className: 'tools', role: 'group', 'aria-label': 'React or answer' },
    ...REACTIONS.map((emoji) => el('button', { type: 'button', textContent: emoji, 'aria-label': 'React ' + emoji, onclick: () => react(emoji) })),
    el('button', { type: 'button', textContent: '↩', title: 'Quote', 'aria-label': 'Quote this message', onclick: () => {
      state.replyTo = bubble.id; renderReplying(); $('text').focus(); } }));
}

let rendered = new Map();
/* Nodes of unchanged bubbles stay, so that focus, a playing video and the reader's place survive. */
function renderChat() {
  const nodes = [];
  const kept = new Map();
  let day = '';
  for (const bubble of current()) {
    const today = new Date(bubble.at).toLocaleDateString([], { weekday: 'long', day: 'numeric', month: 'long' });
    if (today !== day) nodes.push(el('li', { className: 'day', textContent: today }));
    day = today;
    const quoted = bubble.quotes ? summary(state.bubbles.get(bubble.quotes)) : '';
    const key = JSON.stringify([bubble, quoted]);
    const old = rendered.get(bubble.id);
    const entry = old && old.key === key ? old : { key, node: bubbleNode(bubble) };
    kept.set(bubble.id, entry);
    nodes.push(entry.node);
  }
  if (!state.current) nodes.push(el('li', { className: 'hint', textContent: 'Add a customer to begin.' }));
  else if (!nodes.length) nodes.push(el('li', { className: 'hint', textContent: 'Say hello to the business. It gets your message just as Meta would send it.' }));
  if (state.typing.has(state.current)) nodes.push(el('li', { className: 'typing', 'aria-label': 'The business is typing' }, el('i'), el('i'), el('i')));
  rendered = kept;
  const chat = $('chat');
  const focused = document.activeElement;
  const place = chat.scrollTop;
  const stick = atBottom;
  chat.replaceChildren(...nodes);
  if (focused && chat.contains(focused)) focused.focus();
  if (stick) scrollDown(); else chat.scrollTop = place;
  renderReplying();
}

function renderReplying() {
  $('replying').hidden = !state.replyTo;
  $('replying').firstElementChild.textContent = state.replyTo ? summary(state.bubbles.get(state.replyTo)) : '';
}
$('no-reply').addEventListener('click', () => { state.replyTo = null; renderReplying(); $('text').focus(); });

/* Whoever reads the newest message keeps seeing it when the room above the keyboard changes or a picture loads. */
let atBottom = true;
function scrollDown() { atBottom = true; $('chat').scrollTop = $('chat').scrollHeight; }
function stayDown() { if (atBottom) scrollDown(); }
$('chat').addEventListener('scroll', () => { const chat = $('chat'); atBottom = chat.scrollHeight - chat.scrollTop - chat.clientHeight < 80; });
new ResizeObserver(stayDown).observe($('chat'));

function say(what) {
  if (!state.current) return;
  const body = { customer: state.current, ...what };
  if (!body.replyTo && state.replyTo && !(what.content && what.content.type === 'reaction')) body.replyTo = state.replyTo;
  state.replyTo = null;
  renderReplying();
  call('/phone/say', body).catch(fail);
}

function sayFile(blob, name, caption) {
  if (!state.current) return;
  const query = new URLSearchParams({ customer: state.current, filename: name, caption: caption || '' });
  call('/phone/media?' + query, blob).catch(fail);
}

/* Something to look at that is different every time. */
function paintPicture() {
  const canvas = el('canvas', { width: 640, height: 420 });
  const paint = canvas.getContext('2d');
  const tone = Math.floor(Math.random() * 360);
  const sky = paint.createLinearGradient(0, 0, 0, 420);
  sky.addColorStop(0, 'hsl(' + tone + ' 75% 62%)');
  sky.addColorStop(1, 'hsl(' + (tone + 50) % 360 + ' 85% 82%)');
  paint.fillStyle = sky; paint.fillRect(0, 0, 640, 420);
  paint.fillStyle = '#fffbe8'; paint.beginPath(); paint.arc(120 + Math.random() * 400, 120, 44, 0, 7); paint.fill();
  for (let hill = 0; hill < 3; hill += 1) {
    paint.fillStyle = 'hsl(' + (tone + 180) % 360 + ' 30% ' + (48 - hill * 13) + '%)';
    paint.beginPath(); paint.moveTo(0, 420);
    const phase = Math.random() * 6;
    for (let x = 0; x <= 640; x += 8) paint.lineTo(x, 265 + hill * 48 + Math.sin(x / (90 + hill * 25) + phase) * 34);
    paint.lineTo(640, 420); paint.fill();
  }
  canvas.toBlob((blob) => blob && sayFile(blob, 'picture.png', $('text').value.trim()), 'image/png');
  $('text').value = '';
}

const OTHER = {
  picture: paintPicture,
  file: () => $('file').click(),
  location: () => say({ content: { type: 'location', location: { latitude: -23.56139, longitude: -46.65617, name: 'MASP', address: 'Av. Paulista, 1578, São Paulo' } } }),
  contact: () => say({ content: { type: 'contacts', contacts: [{ name: { formatted_name: 'Bia Reis', first_name: 'Bia', last_name: 'Reis' },
    phones: [{ phone: '+55 11 98888-0000', wa_id: '5511988880000', type: 'CELL' }], origin: 'other' }] } }),
  unsupported: () => say({ content: { type: 'unsupported', unsupported: { type: 'poll' }, errors: [{ code: 131051, title: 'Message type unknown',
    message: 'Message type unknown', error_data: { details: 'Message type is currently not supported.' } }] } }),
};
for (const button of document.querySelectorAll('[data-send]')) {
  button.addEventListener('click', () => { $('attach').open = false; OTHER[button.dataset.send](); });
}
document.addEventListener('click', (event) => { if (!$('attach').contains(event.target)) $('attach').open = false; });
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return;
  $('attach').open = false; toggleEmoji(false); state.replyTo = null; renderReplying();
});
$('file').addEventListener('change', () => {
  const [file] = $('file').files;
  if (file) sayFile(file, file.name, $('text').value.trim());
  $('file').value = ''; 
});

function toggleEmoji(open) { $('emoji').hidden = !open; $('emoji-toggle').setAttribute('aria-expanded', String(open)); }
$('emoji-toggle').addEventListener('click', () => toggleEmoji($('emoji').hidden));
$('emoji').append(...EMOJI.map((emoji) => el('button', { type: 'button', textContent: emoji, onclick: () => {
  const text = $('text');
  text.setRangeText(emoji, text.selectionStart, text.selectionEnd, 'end');
  text.focus();
} })));

function grow() { const text = $('text'); text.style.height = 'auto'; text.style.height = text.scrollHeight + 2 + 'px'; }
$('text').addEventListener('input', grow);
$('text').addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) { event.preventDefault(); $('composer').requestSubmit(); }
});
$('composer').addEventListener('submit', (event) => {
  event.preventDefault();
  const text = $('text').value.trim();
  if (!text) return;
  say({ text });
  $('text').value = '';
  grow();
});
`;
