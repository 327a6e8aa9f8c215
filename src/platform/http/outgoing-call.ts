import { lookup as resolve } from 'node:dns';
import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { isPublicAddress } from './public-address';

/** A POST to an address that somebody else entered. */
export interface OutgoingCall {
  url: string;
  headers: Record<string, string>;
  body: string;
  /** For all of it: finding the address, connecting, and the last byte of the answer. */
  timeoutMs: number;
  maxResponseBytes: number;
  /** Also to addresses of the own network. */
  allowPrivate: boolean;
}

export type CallOutcome =
  | { kind: 'answered'; status: number; body: string }
  /** Nothing was sent, and nothing will be: the address is not one to call. */
  | { kind: 'refused'; reason: string }
  /** It was received, and what came back is too long to be read. */
  | { kind: 'oversized' }
  /** Perhaps it was received, perhaps not. */
  | { kind: 'failed'; reason: string };

class AddressRefused extends Error {}
class Oversized extends Error {}

const NOT_PUBLIC = 'the address is not one of the public internet';

/**
 * Calls an address that a user entered without letting them reach what only this server can reach: the name is
 * resolved here, every address it stands for must be public, and the connection goes to exactly the address that was
 * looked at. Redirects are answers like any other. Does not throw.
 */
export async function callOut(call: OutgoingCall): Promise<CallOutcome> {
  const url = URL.canParse(call.url) ? new URL(call.url) : null;
  if (
    url === null ||
    !['http:', 'https:'].includes(url.protocol) ||
    url.username !== '' ||
    url.password !== ''
  )
    return { kind: 'refused', reason: 'the address is not an http address without a user' };
  const host = url.hostname.replace(/^\[|\]$/g, '');
  // An address in figures is never looked up, so it is looked at here.
  if (!call.allowPrivate && isIP(host) !== 0 && !isPublicAddress(host))
    return { kind: 'refused', reason: NOT_PUBLIC };
  try {
    return await send(url, call);
  } catch (error) {
    if (error instanceof AddressRefused) return { kind: 'refused', reason: error.message };
    if (error instanceof Oversized) return { kind: 'oversized' };
    const { code, message } = error as NodeJS.ErrnoException;
    return { kind: 'failed', reason: code ?? message };
  }
}

async function send(url: URL, call: OutgoingCall): Promise<CallOutcome> {
  const start = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return await new Promise<CallOutcome>((settle, fail) => {
    let request: ClientRequest | undefined;
    const timer = setTimeout(() => {
      fail(new Error(`no whole answer within ${call.timeoutMs / 1_000} s`));
      request?.destroy();
    }, call.timeoutMs);
    const end = (error: Error): void => {
      clearTimeout(timer);
      fail(error);
    };
    request = start(url, {
      method: 'POST',
      agent: false,
      headers: { ...call.headers, 'content-length': Buffer.byteLength(call.body) },
      lookup: call.allowPrivate ? undefined : lookUpPublic,
    });
    request.on('error', end);
    request.on('response', (response) => {
      read(response, call.maxResponseBytes)
        .then((body) => {
          clearTimeout(timer);
          settle({ kind: 'answered', status: response.statusCode ?? 0, body });
        })
        .catch(end)
        .finally(() => request?.destroy());
    });
    request.end(call.body);
  });
}

async function read(response: IncomingMessage, limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limit) throw new Oversized();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** One address that is not public is enough to refuse: which of them is taken would be chance. */
const lookUpPublic: LookupFunction = (hostname, options, answer) => {
  resolve(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return answer(error, []);
    if (!addresses.every(({ address }) => isPublicAddress(address)))
      return answer(new AddressRefused(NOT_PUBLIC), []);
    const [first] = addresses;
    if (options.all === true) answer(null, addresses);
    else answer(null, first!.address, first!.family);
  });
};
