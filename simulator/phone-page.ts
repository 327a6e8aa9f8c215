/** The phone page. It holds no data: everything comes over the event stream. */
export const phonePage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Customer phone · simulator</title>
<link rel="stylesheet" href="/phone/style.css">
<link rel="icon" href="data:,">
<script src="/phone/app.js" defer></script>
</head>
<body data-view="chat">
<nav class="tabs" aria-label="Views">
  <button type="button" data-tab="people">Customers</button>
  <button type="button" data-tab="chat">Phone</button>
  <button type="button" data-tab="trouble">Trouble</button>
</nav>

<aside class="people" aria-label="Customers">
  <header>
    <h1>Customers</h1>
    <p>Be any of them. What you write goes to your server as a signed webhook.</p>
  </header>
  <ul id="customers"></ul>
  <form id="new-customer">
    <h2>New customer</h2>
    <label>Name <input name="name" autocomplete="off" maxlength="80" placeholder="Maria Lima" required></label>
    <label>Phone number <input name="phone" type="tel" autocomplete="off" maxlength="24" placeholder="+55 11 98888-7777" required></label>
    <label class="check"><input name="hidesPhone" type="checkbox"> Hides the number (user id only)</label>
    <button type="submit" class="primary">Add</button>
    <p class="problem" id="customer-problem" role="alert"></p>
  </form>
</aside>

<main class="phone" aria-label="Phone">
  <header class="peer">
    <span class="avatar business" aria-hidden="true">B</span>
    <span class="who"><strong id="business">Your business</strong><small id="peer-note">waiting for the simulator</small></span>
    <span class="as" id="as"></span>
  </header>
  <div id="banner" class="banner" role="alert" hidden></div>
  <ol id="chat" class="chat" aria-live="polite" aria-label="Conversation" tabindex="0"></ol>
  <div id="replying" class="replying" hidden><span></span><button type="button" id="no-reply" aria-label="Do not quote">✕</button></div>
  <div id="emoji" class="emoji" role="group" aria-label="Emoji" hidden></div>
  <form id="composer" class="composer">
    <button type="button" id="emoji-toggle" aria-expanded="false" aria-controls="emoji" title="Emoji" aria-label="Emoji">☺</button>
    <details id="attach" class="attach">
      <summary title="Send something else" aria-label="Send something else">+</summary>
      <div>
        <button type="button" data-send="picture">🖼️ Picture</button>
        <button type="button" data-send="file">📎 File…</button>
        <button type="button" data-send="location">📍 Location</button>
        <button type="button" data-send="contact">👤 Contact card</button>
        <button type="button" data-send="unsupported">❔ Unsupported type</button>
      </div>
    </details>
    <input type="file" id="file" hidden>
    <textarea id="text" rows="1" maxlength="4096" placeholder="Message" aria-label="Message"></textarea>
    <button type="submit" class="send" aria-label="Send" title="Send">➤</button>
  </form>
</main>

<aside class="trouble" aria-label="Trouble">
  <header>
    <h1>Trouble</h1>
    <p>Break things on purpose and watch what your server does.</p>
  </header>
  <section class="faults" aria-label="Faults"><div id="faults"></div></section>
  <button type="button" id="all-well" class="wide">Switch all trouble off</button>
  <section class="log" aria-label="Log" tabindex="0">
    <h2>What went over the line</h2>
    <ol id="log"></ol>
  </section>
</aside>
</body>
</html>
`;
