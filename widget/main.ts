import { localeOf } from './texts';
import { Widget, type WidgetEvents, type WidgetOptions } from './widget';

/** What pages call: docs/widget.md. */
interface ApiCeChatGlobal {
  open(): void;
  close(): void;
  setToken(token: string | null): void;
  on<K extends keyof WidgetEvents>(event: K, listener: (about: WidgetEvents[K]) => void): () => void;
  destroy(): void;
}

declare global {
  interface Window {
    ApiCeChat?: ApiCeChatGlobal;
  }
}

function optionsOf(script: HTMLScriptElement): WidgetOptions {
  const { appId, token, title, greeting, color, locale, side } = script.dataset;
  return {
    base: new URL('.', script.src).href,
    appId: appId || null,
    token: token || null,
    title: title || null,
    greeting: greeting || null,
    color: color || null,
    locale: localeOf(locale, document.documentElement.lang, ...navigator.languages),
    side: side === 'left' ? 'left' : 'right',
  };
}

function start(options: WidgetOptions): void {
  const widget = new Widget(options);
  window.ApiCeChat = {
    open: () => widget.open(),
    close: () => widget.close(),
    setToken: (token) => widget.setToken(token),
    on: (event, listener) => widget.on(event, listener),
    destroy: () => {
      widget.destroy();
      delete window.ApiCeChat;
    },
  };
  window.dispatchEvent(new Event('apicechat:ready'));
}

/** Only while the script itself runs does the page say which one it is. */
const script = document.currentScript;
if (script instanceof HTMLScriptElement && window.ApiCeChat === undefined) {
  const options = optionsOf(script);
  if (document.body === null) document.addEventListener('DOMContentLoaded', () => start(options));
  else start(options);
}
