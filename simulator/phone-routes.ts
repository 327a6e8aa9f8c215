import type { IncomingMessage, ServerResponse } from 'node:http';
import { onlyKeys, optionalText, parseContent, parsePhone, requiredText } from './customer-input';
import { HttpProblem, readBody, readJsonObject, send, sendJson } from './http-kit';
import { newUserId } from './identifiers';
import { inbound, type Customer, type InboundContent } from './inbound-content';
import type { JsonObject } from './json-values';
import { bareType } from './media-store';
import { phoneClient } from './phone-client';
import { phonePage } from './phone-page';
import { phoneStyle } from './phone-style';
import type { PhoneCustomer, PhoneEvent } from './phone-state';
import type { SimulatorControls } from './simulator-controls';

const MEDIA_LIMIT = 100 * 1024 * 1024;
const SLOW_READER = 1024 * 1024;
const HEARTBEAT_MS = 15_000;

// Only these may be shown in place; whatever else the server sent is a download, so that no page of its can run here.
const SHOWN = /^(image\/(png|jpeg|webp|gif)|audio\/[\w.+-]+|video\/[\w.+-]+)$/;

/** The phone page, its files, and what it calls. */
export class PhoneRoutes {
  private readonly streams = new Set<() => void>();

  constructor(private readonly simulator: SimulatorControls) {}

  async handle(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    response.setHeader('x-content-type-options', 'nosniff');
    response.setHeader('referrer-policy', 'no-referrer');
    response.setHeader('cache-control', 'no-store');
    response.setHeader(
      'content-security-policy',
      "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    );
    const route = `${request.method} ${url.pathname}`;
    switch (route) {
      case 'GET /':
        return send(response, 200, 'text/html; charset=utf-8', phonePage);
      case 'GET /phone/style.css':
        return send(response, 200, 'text/css; charset=utf-8', phoneStyle);
      case 'GET /phone/app.js':
        return send(response, 200, 'text/javascript; charset=utf-8', phoneClient);
      case 'GET /phone/events':
        return this.events(request, response);
      case 'POST /phone/customers':
        return sendJson(response, 200, this.addCustomer(await readJsonObject(request)));
      case 'POST /phone/say':
        return sendJson(response, 200, await this.say(await readJsonObject(request)));
      case 'POST /phone/media':
        return sendJson(response, 200, await this.sayMedia(request, url));
      case 'POST /phone/seen': {
        const body = await readJsonObject(request);
        onlyKeys(body, 'customer');
        await this.simulator.customerSees(this.customer(requiredText(body, 'customer')).key);
        return sendJson(response, 200, { ok: true });
      }
    }
    const mediaId = /^GET \/phone\/media\/(\d+)$/.exec(route)?.[1];
    if (mediaId !== undefined) return this.showMedia(response, mediaId);
    throw new HttpProblem(404, `There is no ${route}`);
  }

  /** Ends the live streams. */
  stop(): void {
    for (const end of this.streams) end();
  }

  private customer(key: string): PhoneCustomer {
    const customer = this.simulator.phone.customers.get(key);
    if (!customer) throw new HttpProblem(400, `There is no customer "${key}"`);
    return customer;
  }

  private addCustomer(body: JsonObject): PhoneCustomer {
    onlyKeys(body, 'name', 'phone', 'username', 'hidesPhone');
    const phone = parsePhone(requiredText(body, 'phone'));
    if (body.hidesPhone !== undefined && typeof body.hidesPhone !== 'boolean') {
      throw new HttpProblem(400, '"hidesPhone" must be true or false');
    }
    const hidesPhone = body.hidesPhone === true;
    const known = this.simulator.phone.customers.get(phone);
    const customer: Customer = { phone, userId: known?.userId ?? newUserId(phone) };
    const name = optionalText(body, 'name');
    const username = optionalText(body, 'username');
    if (name !== undefined) customer.name = name;
    if (username !== undefined) customer.username = username;
    return this.simulator.phone.meet(customer, hidesPhone);
  }

  private async say(body: JsonObject): Promise<unknown> {
    onlyKeys(body, 'customer', 'text', 'content', 'replyTo');
    const replyTo = optionalText(body, 'replyTo');
    return this.simulator.customerSays(
      asSender(this.customer(requiredText(body, 'customer'))),
      parseContent(body),
      replyTo === undefined ? {} : { replyTo },
    );
  }

  /** The body is the file itself; its type decides whether it is an image, a video, an audio or a document. */
  private async sayMedia(request: IncomingMessage, url: URL): Promise<unknown> {
    const customer = this.customer(url.searchParams.get('customer') ?? '');
    const type = request.headers['content-type'] || 'application/octet-stream';
    const bytes = await readBody(request, MEDIA_LIMIT);
    if (bytes.length === 0) throw new HttpProblem(400, 'The file is empty');
    const media = this.simulator.putMedia(bytes, type);
    const caption = url.searchParams.get('caption') ?? '';
    const described = caption === '' ? media : { ...media, caption };
    const contents: Record<string, () => InboundContent> = {
      image: () => inbound.image(described),
      video: () => inbound.video(described),
      audio: () => inbound.audio(media),
    };
    const filename = url.searchParams.get('filename') || 'file';
    const content =
      contents[bareType(type).split('/')[0] ?? ''] ?? (() => inbound.document({ ...described, filename }));
    return this.simulator.customerSays(asSender(customer), content());
  }

  private showMedia(response: ServerResponse, id: string): void {
    const media = this.simulator.media.find(id);
    if (!media) throw new HttpProblem(404, 'This media does not exist (any more)');
    const type = bareType(media.mimeType);
    const shown = SHOWN.test(type);
    if (!shown) response.setHeader('content-disposition', 'attachment');
    send(response, 200, shown ? type : 'application/octet-stream', media.bytes);
  }

  /** Server-Sent Events: one `snapshot`, then every change as it happens. */
  private events(request: IncomingMessage, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    let faults = '';
    const write = (name: string, data: unknown) => {
      // A reader that fell behind is cut off; it reconnects and gets a fresh snapshot.
      if (response.writableLength > SLOW_READER) return end();
      response.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
    };
    const writeFaults = () => {
      const now = JSON.stringify(this.simulator.faults);
      if (now !== faults) write('faults', this.simulator.faults);
      faults = now;
    };
    const snapshot = () => {
      const { phone, number, webhookUrl } = this.simulator;
      write('snapshot', {
        number,
        webhookUrl: webhookUrl ?? null,
        customers: [...phone.customers.values()],
        bubbles: [...phone.bubbles.values()],
        log: phone.log,
      });
      writeFaults();
    };
    const unsubscribe = this.simulator.phone.subscribe((event: PhoneEvent) => {
      if (event.type === 'reset') snapshot();
      else if (event.type !== 'faults') write(event.type, event);
      // Counted faults run out by themselves.
      writeFaults();
    });
    const heartbeat = setInterval(() => response.write(': still here\n\n'), HEARTBEAT_MS);
    heartbeat.unref();
    const end = () => {
      clearInterval(heartbeat);
      unsubscribe();
      this.streams.delete(end);
      response.end();
    };
    this.streams.add(end);
    request.on('close', end);
    snapshot();
  }
}

/** The identity that goes into the webhook: without the number for those who hide it. */
function asSender({ phone, userId, parentUserId, name, username, hidesPhone }: PhoneCustomer): Customer {
  return {
    ...(phone === undefined || hidesPhone ? {} : { phone }),
    ...(userId === undefined ? {} : { userId }),
    ...(parentUserId === undefined ? {} : { parentUserId }),
    ...(name === undefined ? {} : { name }),
    ...(username === undefined ? {} : { username }),
  };
}
