/** Screens that the window fills: phones, upright or on their side. */
export const PHONE = '(max-width: 480px), (max-height: 420px)';

/** A constructed style sheet: pages whose Content-Security-Policy forbids inline styles take it as well. */
export function styleSheet(): CSSStyleSheet {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(CSS);
  return sheet;
}

const CSS = `
:host { all: initial; }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
.root { --panel: #fff; --ground: #f4f5fb; --line: #dfe2ec; --ink: #1c2033; --soft: #555c74; --theirs: #fff; --field: #f4f5fb;
  --read: #0b6bcb; --bad: #b3202f; --warn: #fff1d6; --warn-ink: #5f3d00; --star: #b45309; --edge: #8a90a6;
  color-scheme: light; color: var(--ink); font: 15px/1.45 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif;
  -webkit-text-size-adjust: 100%; text-align: start; }
@media (prefers-color-scheme: dark) { .root { --panel: #181b28; --ground: #12141f; --line: #2f3448; --ink: #e8eaf4; --soft: #a9afc6;
  --theirs: #262b3d; --field: #12141f; --read: #79bdff; --bad: #ff8c97; --warn: #40320f; --warn-ink: #ffdf9b; --star: #fbbf24;
  --edge: #7c839c; color-scheme: dark; } }
button, textarea, input { font: inherit; color: inherit; margin: 0; }
button { cursor: pointer; border: 0; background: none; padding: 0; }
button:disabled { cursor: default; }
:focus-visible { outline: 2px solid var(--ink); outline-offset: 2px; }
.spoken { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.icon { width: 24px; height: 24px; fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; flex: none; display: block; }

.launcher { position: fixed; z-index: 2147483000; bottom: calc(20px + env(safe-area-inset-bottom)); width: 60px; height: 60px;
  border-radius: 50%; background: var(--accent); color: var(--on-accent); display: grid; place-items: center;
  box-shadow: 0 6px 24px #0f111a47; transition: transform .15s; }
.launcher:hover { transform: scale(1.06); }
.launcher:focus-visible { outline: 3px solid var(--on-accent); outline-offset: -6px; box-shadow: 0 0 0 3px var(--accent), 0 6px 24px #0f111a47; }
.right .launcher, .right .panel { right: calc(20px + env(safe-area-inset-right)); }
.left .launcher, .left .panel { left: calc(20px + env(safe-area-inset-left)); }
.launcher .icon { width: 30px; height: 30px; } .launcher .i-chat { fill: currentColor; stroke: none; }
.badge { position: absolute; top: -3px; right: -3px; min-width: 22px; height: 22px; padding: 0 6px; border-radius: 11px; background: #c81e3a;
  color: #fff; font-size: 12px; font-weight: 700; line-height: 22px; text-align: center; box-shadow: 0 0 0 2px #fff; }

.panel { position: fixed; z-index: 2147483000; bottom: calc(94px + env(safe-area-inset-bottom)); width: 380px; height: min(620px, calc(100dvh - 114px));
  display: flex; flex-direction: column; overflow: hidden; background: var(--ground); border-radius: 18px; border: 1px solid var(--line);
  box-shadow: 0 18px 60px #0f111a45; animation: rise .18s ease-out; }
@keyframes rise { from { opacity: 0; transform: translateY(14px); } }
header { display: flex; align-items: center; gap: 12px; padding: 14px 12px 14px 18px; background: var(--accent); color: var(--on-accent); }
h2 { margin: 0; font-size: 17px; font-weight: 650; line-height: 1.3; flex: 1; min-width: 0; overflow-wrap: anywhere; }
header button { width: 40px; height: 40px; border-radius: 50%; display: grid; place-items: center; }
header :focus-visible { outline-color: var(--on-accent); outline-offset: -3px; }
.banner { padding: 8px 16px; font-size: 13px; background: var(--warn); color: var(--warn-ink); }
.bar { width: 100%; padding: 9px 16px; font-size: 13px; font-weight: 600; background: var(--panel); border-bottom: 1px solid var(--line); text-align: start; text-decoration: underline; }
.bar:focus-visible { outline-offset: -3px; }

.log { position: relative; flex: 1; min-height: 0; overflow-y: auto; overscroll-behavior: contain; padding: 14px 14px 6px; scrollbar-width: thin;
  scrollbar-color: var(--edge) transparent; }
.log:focus-visible { outline-offset: -3px; border-radius: 4px; }
ol { list-style: none; margin: 0; padding: 0; display: flex; flex-direction: column; gap: 3px; }
.greeting { margin: 0 0 10px; }
.day { align-self: center; font-size: 12px; color: var(--soft); margin: 10px 0 6px; }
.notice { align-self: center; max-width: 90%; text-align: center; font-size: 13px; color: var(--soft); margin: 6px 0; overflow-wrap: anywhere; }
.row { display: flex; flex-direction: column; align-items: flex-start; max-width: 86%; align-self: flex-start; }
.row.mine { align-self: flex-end; align-items: flex-end; }
.row.first { margin-top: 8px; }
.author { font-size: 12px; color: var(--soft); margin: 0 4px 2px; }
.bubble { background: var(--theirs); color: var(--ink); border: 1px solid var(--line); border-radius: 16px 16px 16px 5px; padding: 8px 12px;
  overflow-wrap: anywhere; white-space: pre-wrap; max-width: 100%; unicode-bidi: plaintext; }
.mine .bubble { background: var(--accent); color: var(--on-accent); border-color: transparent; border-radius: 16px 16px 5px 16px; }
.bubble.void { font-style: italic; } .mine .bubble.void { background: var(--panel); color: var(--soft); border-color: var(--line); } .bubble.void { color: var(--soft); }
.bubble a { color: inherit; text-decoration: underline; } .bubble :focus-visible { outline-color: currentColor; }
.bubble img { display: block; max-width: 100%; max-height: 240px; min-width: 60px; min-height: 40px; border-radius: 10px; object-fit: cover; margin: 0 -4px; max-width: calc(100% + 8px); }
.file { display: flex; gap: 8px; align-items: center; } .file .icon { width: 22px; height: 22px; }
.file small { display: block; font-size: 12px; }
progress { display: block; width: 100%; min-width: 160px; height: 5px; margin-top: 6px; accent-color: currentColor; }
.meta { display: flex; gap: 4px; align-items: center; font-size: 12px; color: var(--soft); margin: 2px 4px 0; }
.meta .icon { width: 15px; height: 15px; stroke-width: 2.2; } .meta .i-read { color: var(--read); } .meta .i-failed { color: var(--bad); }
.problem { font-size: 13px; color: var(--bad); margin: 3px 4px 0; display: flex; flex-wrap: wrap; gap: 2px 10px; justify-content: flex-end; text-align: end; }
.link { text-decoration: underline; font-weight: 600; color: var(--ink); font-size: 13px; min-height: 24px; }
.earlier { display: block; margin: 0 auto 8px; }
.newest { position: sticky; bottom: 4px; margin: -40px auto 0; width: 36px; height: 36px; border-radius: 50%; display: grid; place-items: center;
  background: var(--panel); border: 1px solid var(--edge); box-shadow: 0 4px 14px #0f111a2e; }
.typing { padding: 0 18px; min-height: 24px; font-size: 13px; color: var(--soft); display: flex; align-items: center; gap: 8px; }
.dots { display: inline-flex; gap: 3px; } .dots i { width: 6px; height: 6px; border-radius: 50%; background: var(--soft); animation: hop 1.2s infinite; }
.dots i:nth-child(2) { animation-delay: .15s; } .dots i:nth-child(3) { animation-delay: .3s; }
@keyframes hop { 40% { transform: translateY(-4px); } }

.composer { display: flex; align-items: flex-end; gap: 4px; padding: 8px 10px calc(8px + env(safe-area-inset-bottom)); background: var(--panel); border-top: 1px solid var(--line); }
.composer textarea { flex: 1; min-width: 0; resize: none; border: 1px solid var(--edge); border-radius: 20px; padding: 8px 14px; max-height: 132px;
  background: var(--field); line-height: 1.4; display: block; overflow-y: auto; scrollbar-width: thin; }
textarea::placeholder { color: var(--soft); opacity: 1; }
textarea:focus-visible { outline-offset: -1px; border-color: transparent !important; }
.composer button { flex: none; width: 40px; height: 40px; border-radius: 50%; display: grid; place-items: center; color: var(--soft); }
.composer .send { background: var(--accent); color: var(--on-accent); } .composer .send:disabled { background: none; color: var(--soft); }
.drop { position: absolute; inset: 0; z-index: 3; display: grid; place-items: center; background: var(--panel); border: 3px dashed var(--accent); border-radius: 18px; font-weight: 600; }
.ended { padding: 14px 18px calc(16px + env(safe-area-inset-bottom)); background: var(--panel); border-top: 1px solid var(--line); display: grid; gap: 10px; }
.ended p { margin: 0; } .ended h3 { margin: 0; font-size: 15px; font-weight: 600; }
.ended form { display: grid; gap: 10px; }
fieldset { border: 0; margin: 0; padding: 0; min-width: 0; } legend { padding: 0; margin-bottom: 4px; font-weight: 600; }
.stars { display: flex; gap: 4px; } .stars label { position: relative; width: 40px; height: 40px; display: grid; place-items: center; cursor: pointer; color: var(--soft); border-radius: 8px; }
.stars input { position: absolute; inset: 0; opacity: 0; cursor: pointer; } .stars .icon { width: 30px; height: 30px; stroke-width: 1.6; }
.stars .on { color: var(--star); } .stars .on .icon { fill: currentColor; } .stars label:focus-within { outline: 2px solid var(--ink); }
.ended textarea { width: 100%; border: 1px solid var(--edge); border-radius: 10px; padding: 8px 12px; background: var(--field); resize: none; }
.main { background: var(--accent); color: var(--on-accent); border-radius: 10px; padding: 9px 14px; font-weight: 600; width: 100%; }
.plain { border: 1px solid var(--edge); border-radius: 10px; padding: 9px 14px; font-weight: 600; width: 100%; }

@media ${PHONE} {
  .panel, .right .panel, .left .panel { inset: 0; width: auto; height: auto; border: 0; border-radius: 0; top: var(--view-top, 0); bottom: auto; height: var(--view-height, 100dvh);
    padding-left: env(safe-area-inset-left); padding-right: env(safe-area-inset-right); }
  header { padding-top: calc(12px + env(safe-area-inset-top)); }
  textarea, input { font-size: 16px; }
  .open .launcher { display: none; }
}
@media (prefers-reduced-motion: reduce) { *, .panel, .dots i { animation: none !important; transition: none !important; } }
@media (forced-colors: active) { .launcher, .bubble, .composer .send, .main { border: 1px solid; } }
@media print { .root { display: none; } }
`;
