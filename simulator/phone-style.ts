/** The look of the phone page; light and dark follow the system. */
export const phoneStyle = `
:root { color-scheme: light dark; --ground: #eceef5; --panel: #fff; --line: #dfe2ec; --ink: #1c2033;
  --soft: #666d85; --accent: #4f46e5; --accent-ink: #fff; --mine: #4f46e5; --mine-ink: #fff; --theirs: #fff;
  --theirs-ink: #1c2033; --chat: #f4f5fb; --good: #0f8a5f; --bad: #c8283c; --warn-bg: #fff1d6; --warn-ink: #6b4500; }
@media (prefers-color-scheme: dark) { :root { --ground: #0f111a; --panel: #181b28; --line: #2a2f42; --ink: #e8eaf4;
  --soft: #9aa1ba; --accent: #8b86ff; --accent-ink: #11131d; --mine: #4a43c9; --theirs: #262b3d; --theirs-ink: #e8eaf4;
  --chat: #12141f; --good: #4cc79a; --bad: #ff7a88; --warn-bg: #40320f; --warn-ink: #ffdf9b; } }
* { box-sizing: border-box; scrollbar-width: thin; scrollbar-color: var(--line) transparent; }
[hidden] { display: none !important; }
body { margin: 0; height: 100dvh; display: grid; grid-template-columns: minmax(210px, 270px) minmax(320px, 470px) minmax(270px, 350px);
  justify-content: center; gap: 20px; padding: 20px; background: var(--ground); color: var(--ink);
  font: 15px/1.4 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif; }
h1 { margin: 0; font-size: 17px; } h2 { margin: 0 0 6px; font-size: 13px; color: var(--soft); font-weight: 600; }
button, input, textarea, select { font: inherit; color: inherit; }
button { cursor: pointer; border: 1px solid var(--line); border-radius: 10px; background: var(--panel); padding: 7px 12px; }
button:hover { border-color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.primary { background: var(--accent); color: var(--accent-ink); border-color: transparent; font-weight: 600; }
.tabs { display: none; }
aside { background: var(--panel); border: 1px solid var(--line); border-radius: 18px; padding: 18px; overflow: auto; min-height: 0; }
aside header p { margin: 4px 0 14px; color: var(--soft); font-size: 13px; }

.people ul { list-style: none; margin: 0 -8px 16px; padding: 0; display: grid; gap: 2px; }
.people li button { width: 100%; display: flex; gap: 10px; align-items: center; text-align: left; border-color: transparent; padding: 8px; background: none; }
.people li button:hover { background: var(--chat); }
.people li button[aria-current=true] { background: var(--chat); border-color: var(--line); }
.people li span.name { display: grid; min-width: 0; flex: 1; }
.people li strong, .people li small { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.people li strong { font-weight: 600; }
.people small { color: var(--soft); font-size: 12px; }
.badge { background: var(--accent); color: var(--accent-ink); border-radius: 10px; font-size: 12px; font-weight: 600; padding: 1px 7px; }
.avatar { flex: none; width: 38px; height: 38px; border-radius: 50%; display: grid; place-items: center; color: #fff; font-weight: 600; }
.avatar.h0 { background: #7c5cff; } .avatar.h1 { background: #d9578a; } .avatar.h2 { background: #2b8fd6; }
.avatar.h3 { background: #c77d1c; } .avatar.h4 { background: #3d9a70; } .avatar.business { background: #ffffff2e; }
#new-customer { display: grid; gap: 9px; border-top: 1px solid var(--line); padding-top: 14px; }
#new-customer label { display: grid; gap: 3px; font-size: 12px; color: var(--soft); }
#new-customer input:not([type=checkbox]) { color: var(--ink); font-size: 14px; padding: 7px 10px; border: 1px solid var(--line); border-radius: 9px; background: var(--chat); width: 100%; }
#new-customer .check { display: flex; align-items: center; gap: 7px; }
.problem { margin: 0; color: var(--bad); font-size: 13px; } .problem:empty { display: none; }

.phone { display: flex; flex-direction: column; min-height: 0; min-width: 0; overflow: hidden; background: var(--chat);
  border-radius: 34px; border: 8px solid #171a28; box-shadow: 0 18px 50px #0f111a3d; position: relative; }
.peer { display: flex; align-items: center; gap: 11px; padding: 12px 16px; color: #fff; background: linear-gradient(100deg, #4338ca, #7c3aed); }
.peer .who { display: grid; flex: 1; min-width: 0; } .peer small { opacity: .85; font-size: 12px; }
.peer .as { font-size: 12px; background: #ffffff26; border-radius: 20px; padding: 3px 10px; white-space: nowrap; max-width: 45%; overflow: hidden; text-overflow: ellipsis; }
.peer .as:empty { display: none; }
.banner { padding: 9px 14px; font-size: 13px; background: var(--warn-bg); color: var(--warn-ink); overflow-wrap: anywhere; }
.chat { list-style: none; margin: 0; padding: 14px 14px 8px; flex: 1; overflow-y: auto; display: flex; flex-direction: column; gap: 5px; }
.chat .hint { margin: auto; text-align: center; color: var(--soft); max-width: 30ch; }
.chat .day { align-self: center; font-size: 12px; color: var(--soft); background: var(--panel); border-radius: 12px; padding: 2px 11px; margin: 6px 0; }
.row { position: relative; display: flex; flex-direction: column; align-items: flex-start; max-width: 84%; align-self: flex-start; }
.row.mine { align-self: flex-end; align-items: flex-end; }
.bubble { background: var(--theirs); color: var(--theirs-ink); border-radius: 17px 17px 17px 5px; padding: 8px 12px 6px; box-shadow: 0 1px 1px #0f111a14; min-width: 74px; max-width: 100%; overflow-wrap: anywhere; }
.mine .bubble { background: var(--mine); color: var(--mine-ink); border-radius: 17px 17px 5px 17px; }
.bubble p { margin: 0; white-space: pre-wrap; } .bubble p.big { font-size: 34px; line-height: 1.2; }
.bubble .head { font-weight: 600; } .bubble .foot { opacity: .7; font-size: 13px; margin-top: 3px; }
.bubble img, .bubble video { display: block; max-width: none; max-height: 260px; border-radius: 11px; margin: -2px -5px 5px; width: calc(100% + 10px); object-fit: cover; }
.bubble img.sticker { width: 120px; margin: 0 0 4px; } .bubble audio { width: 230px; max-width: 100%; }
.bubble a { color: inherit; } .bubble .pin { display: flex; gap: 8px; } .bubble .pin::before { content: '📍'; font-size: 22px; }
.quote { border-left: 3px solid currentColor; opacity: .75; padding: 1px 8px; margin-bottom: 5px; font-size: 13px; overflow: hidden; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; }
.meta { display: flex; gap: 5px; justify-content: flex-end; align-items: center; font-size: 11px; opacity: .8; margin-top: 2px; }
.ticks { letter-spacing: -4px; padding-right: 4px; font-weight: 700; } .ticks.read { color: #7df0ff; opacity: 1; }
.row:not(.mine) .ticks.read { color: var(--accent); }
.failed-note { color: var(--bad); font-size: 12px; margin: 2px 6px; }
.reacted { background: var(--panel); border: 1px solid var(--line); border-radius: 14px; padding: 0 7px; font-size: 14px; margin-top: -6px; z-index: 1; }
.choices { display: grid; gap: 4px; margin-top: 4px; width: 100%; min-width: 200px; }
.choices button { background: var(--theirs); color: var(--accent); font-weight: 600; border-radius: 13px; padding: 8px 12px; }
.choices small { display: block; font-weight: 400; color: var(--soft); }
.tools { position: absolute; top: -13px; right: -6px; display: none; gap: 2px; background: var(--panel); border: 1px solid var(--line); border-radius: 16px; padding: 1px 4px; z-index: 2; }
.mine .tools { right: auto; left: -6px; }
.row:hover > .tools, .row:focus-within > .tools { display: flex; }
.tools button { border: 0; background: none; padding: 2px 5px; }
.typing { align-self: flex-start; background: var(--theirs); border-radius: 17px; padding: 11px 15px; display: flex; gap: 4px; }
.typing i { width: 7px; height: 7px; border-radius: 50%; background: var(--soft); animation: hop 1.2s infinite; }
.typing i:nth-child(2) { animation-delay: .15s; } .typing i:nth-child(3) { animation-delay: .3s; }
@keyframes hop { 40% { transform: translateY(-4px); } }
@media (prefers-reduced-motion: reduce) { .typing i { animation: none; } }
.replying { display: flex; justify-content: space-between; align-items: center; gap: 8px; padding: 6px 14px; font-size: 13px; background: var(--panel); border-top: 1px solid var(--line); }
.replying span { border-left: 3px solid var(--accent); padding-left: 8px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.replying button { border: 0; }
.emoji { display: flex; flex-wrap: wrap; gap: 2px; padding: 6px 10px; background: var(--panel); border-top: 1px solid var(--line); }
.emoji button { border: 0; background: none; font-size: 21px; padding: 3px 5px; }
.composer { display: flex; align-items: flex-end; gap: 6px; padding: 10px; background: var(--panel); border-top: 1px solid var(--line); }
.composer textarea { flex: 1; min-width: 0; resize: none; border: 1px solid var(--line); border-radius: 20px; padding: 8px 14px; max-height: 130px; background: var(--chat); }
.composer > button, .attach summary { flex: none; width: 39px; height: 39px; border-radius: 50%; border: 0; padding: 0; display: grid; place-items: center; font-size: 20px; background: none; color: var(--soft); }
.composer .send { background: var(--accent); color: var(--accent-ink); font-size: 16px; } .composer .send:disabled { opacity: .4; cursor: default; }
.attach { position: relative; } .attach summary { list-style: none; cursor: pointer; } .attach summary::-webkit-details-marker { display: none; }
.attach > div { position: absolute; bottom: 48px; left: -40px; width: 210px; display: grid; gap: 2px; padding: 6px; background: var(--panel); border: 1px solid var(--line); border-radius: 14px; box-shadow: 0 10px 30px #0f111a33; z-index: 5; }
.attach > div button { text-align: left; border: 0; } .attach > div button:hover { background: var(--chat); }

.trouble { display: flex; flex-direction: column; overflow: hidden; }
.trouble .faults { flex: 0 1 auto; min-height: 120px; overflow: auto; padding-right: 6px; }
.trouble .log { flex: 1 0 180px; min-height: 0; overflow: auto; }
.trouble header p { margin-bottom: 8px; }
#faults { display: grid; gap: 0; }
.fault { display: flex; align-items: center; justify-content: space-between; gap: 10px; padding: 4px 0; font-size: 13px; line-height: 1.25; }
.fault small { display: block; color: var(--soft); font-size: 12px; }
.fault.on span { color: var(--bad); font-weight: 600; }
.fault select { max-width: 160px; padding: 3px 6px; border-radius: 8px; border: 1px solid var(--line); background: var(--chat); font-size: 13px; }
.fault input { appearance: none; flex: none; width: 36px; height: 21px; margin: 0; border-radius: 12px; background: var(--line); position: relative; cursor: pointer; transition: background .15s; }
.fault input::after { content: ''; position: absolute; top: 3px; left: 3px; width: 15px; height: 15px; border-radius: 50%; background: #fff; transition: left .15s; box-shadow: 0 1px 2px #0004; }
.fault input:checked { background: var(--bad); } .fault input:checked::after { left: 18px; }
.wide { flex: none; width: 100%; margin: 10px 0 14px; font-size: 14px; }
#log { list-style: none; margin: 0; padding: 0; font-size: 12.5px; display: grid; gap: 5px; }
#log li { display: grid; grid-template-columns: auto auto 1fr; gap: 2px 8px; align-items: baseline; }
#log time { color: var(--soft); font-variant-numeric: tabular-nums; }
#log b { color: var(--good); font-variant-numeric: tabular-nums; min-width: 2.4em; } #log .bad b { color: var(--bad); }
#log span { overflow-wrap: anywhere; } #log small { grid-column: 3; color: var(--soft); overflow-wrap: anywhere; }
#log:empty::after { content: 'Nothing yet. Write something on the phone.'; color: var(--soft); }

@media (max-width: 1040px) {
  body { grid-template: auto minmax(0, 1fr) / minmax(0, 1fr); gap: 0; padding: 0; }
  .tabs { display: flex; background: var(--panel); border-bottom: 1px solid var(--line); }
  .tabs button { flex: 1; border: 0; border-radius: 0; padding: 11px; background: none; border-bottom: 2px solid transparent; }
  .tabs button[aria-pressed=true] { border-bottom-color: var(--accent); font-weight: 600; }
  aside, .phone { border: 0; border-radius: 0; box-shadow: none; display: none; }
  body[data-view=people] .people { display: block; } body[data-view=trouble] .trouble { display: flex; }
  body[data-view=chat] .phone { display: flex; }
}
`;
