import type { IncomingMessage, ServerResponse } from 'node:http';
import { onlyKeys, optionalText, parseContent, parseCustomer, requiredText } from './customer-input';
import { parseFaults } from './faults';
import { HttpProblem, readJsonObject, sendJson } from './http-kit';
import { textOf, type JsonObject } from './json-values';
import type { SayOptions, SimulatorControls } from './simulator-controls';

const STATE_LIMIT = 200;

/** `/control/*`: the library's methods for people with curl. Every refusal is JSON with a clear `error`. */
export class ControlRoutes {
  constructor(private readonly simulator: SimulatorControls) {}

  async handle(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const route = `${request.method} ${url.pathname}`;
    const body = request.method === 'GET' ? {} : await readJsonObject(request);
    sendJson(response, 200, await this.answer(route, body));
  }

  private async answer(route: string, body: JsonObject): Promise<unknown> {
    const { simulator } = this;
    switch (route) {
      case 'GET /control/state':
        return this.state();
      case 'GET /control/faults':
        return simulator.faults;
      case 'PUT /control/faults':
        Object.assign(simulator.faults, parseFaults(body));
        simulator.phone.emit({ type: 'faults' });
        return simulator.faults;
      case 'POST /control/customer-message':
        return this.customerMessage(body);
      case 'POST /control/status':
        return this.status(body);
      case 'POST /control/webhook':
        return simulator.post(body);
      case 'POST /control/verify':
        onlyKeys(body);
        return simulator.verify();
      case 'POST /control/reset':
        onlyKeys(body);
        simulator.reset();
        return { ok: true };
      default:
        throw new HttpProblem(404, `There is no ${route}`);
    }
  }

  private customerMessage(body: JsonObject): Promise<unknown> {
    onlyKeys(body, 'from', 'text', 'content', 'replyTo', 'id', 'timestamp', 'phoneNumberId', 'groupId');
    const options: SayOptions = {};
    for (const key of ['id', 'replyTo', 'phoneNumberId', 'groupId'] as const) {
      const text = optionalText(body, key);
      if (text !== undefined) options[key] = text;
    }
    if (body.timestamp !== undefined) {
      const seconds = textOf(body.timestamp);
      if (!/^\d{1,11}$/.test(seconds)) throw new HttpProblem(400, '"timestamp" must be unix seconds');
      options.timestamp = seconds;
    }
    if (options.phoneNumberId !== undefined && !this.simulator.hasNumber(options.phoneNumberId)) {
      throw new HttpProblem(400, `There is no number "${options.phoneNumberId}"`);
    }
    return this.simulator.customerSays(parseCustomer(body.from), parseContent(body), options);
  }

  private status(body: JsonObject): Promise<unknown> {
    onlyKeys(body, 'wamid', 'status', 'extra');
    const extra = body.extra ?? {};
    if (typeof extra !== 'object' || Array.isArray(extra)) {
      throw new HttpProblem(400, '"extra" must be an object');
    }
    return this.simulator.sendStatus(
      requiredText(body, 'wamid'),
      requiredText(body, 'status'),
      extra as JsonObject,
    );
  }

  private state(): JsonObject {
    const { simulator } = this;
    return {
      url: simulator.url,
      webhookUrl: simulator.webhookUrl ?? null,
      number: simulator.number,
      pending: simulator.pending,
      faults: simulator.faults,
      counts: {
        accepted: simulator.accepted.length,
        requests: simulator.requests.length,
        readMarks: simulator.readMarks.length,
      },
      // The newest ones: the whole of a long run would not fit a terminal.
      accepted: simulator.accepted.slice(-STATE_LIMIT),
      requests: simulator.requests.slice(-STATE_LIMIT),
      readMarks: simulator.readMarks.slice(-STATE_LIMIT),
      customers: [...simulator.phone.customers.values()],
      log: simulator.phone.log,
    };
  }
}
