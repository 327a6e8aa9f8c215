import { Readable } from 'node:stream';
import { classifyGraphError } from './graph-errors';
import type { GraphTarget } from './graph-client';
import { type Loose, numberOf, objectOf, textOf } from './loose-json';

/** For finding out where a file is, in ms. */
const LOOK_UP_MS = 15_000;
/** For a whole download, in ms. */
const DOWNLOAD_MS = 5 * 60_000;
const MAX_REDIRECTS = 3;
const MAX_ANSWER = 256 * 1024;
/** Meta's media host turns away clients that say nothing of themselves, or something unusual. */
const USER_AGENT = 'Mozilla/5.0 (compatible; ApiCeChat)';
/** Where Meta keeps files, besides the host of Graph itself. */
const META_HOSTS = /(^|\.)(fbsbx\.com|fbcdn\.net|facebook\.com|whatsapp\.net|whatsapp\.com)$/;

/** Why a file could not be had. */
export class MediaProblem extends Error {
  override readonly name = 'MediaProblem';

  constructor(
    message: string,
    /** Nothing will change it. */
    readonly final: boolean,
  ) {
    super(message);
  }
}

/** A file of a customer, as it comes from Meta. */
export async function fetchMedia(target: GraphTarget, mediaId: string, stop: AbortSignal): Promise<Readable> {
  const url = await lookUp(target, mediaId, stop);
  return await download(target, url, stop);
}

async function lookUp(target: GraphTarget, mediaId: string, stop: AbortSignal): Promise<URL> {
  const path = [target.apiVersion, mediaId].map(encodeURIComponent).join('/');
  const number = encodeURIComponent(target.phoneNumberId);
  const url = new URL(`${target.baseUrl}/${path}?phone_number_id=${number}`);
  const response = await ask(
    url,
    target.accessToken,
    AbortSignal.any([stop, AbortSignal.timeout(LOOK_UP_MS)]),
  );
  const json = objectOf(await jsonOf(response));
  if (!response.ok) throw refused(objectOf(json?.error) ?? {}, response.status);
  const given = textOf(json?.url);
  if (given === null || !URL.canParse(given))
    throw new MediaProblem('WhatsApp did not say where the file is', false);
  return new URL(given);
}

/** Follows redirects by itself: the token goes to Meta's hosts only, and so do we. */
async function download(target: GraphTarget, first: URL, stop: AbortSignal): Promise<Readable> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(DOWNLOAD_MS)]);
  let url = first;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    if (!isMetas(url, new URL(target.baseUrl)))
      throw new MediaProblem(`WhatsApp names a place for the file that is not its own (${url.host})`, false);
    const response = await ask(url, target.accessToken, signal);
    if (response.ok && response.body !== null) return Readable.fromWeb(response.body);
    await response.body?.cancel().catch(() => undefined);
    const location = response.headers.get('location');
    if (response.status < 300 || response.status >= 400 || location === null)
      throw new MediaProblem(`WhatsApp answered ${response.status} to the download`, false);
    if (!URL.canParse(location, url.href)) throw new MediaProblem('WhatsApp led to no address', false);
    url = new URL(location, url);
  }
  throw new MediaProblem('WhatsApp led from one place to the next', false);
}

export function isMetas(url: URL, base: URL): boolean {
  if (url.username !== '' || url.password !== '') return false;
  if (url.host === base.host && url.protocol === base.protocol) return true;
  return url.protocol === 'https:' && url.port === '' && META_HOSTS.test(url.hostname);
}

async function ask(url: URL, accessToken: string, signal: AbortSignal): Promise<Response> {
  const headers = { authorization: `Bearer ${accessToken}`, 'user-agent': USER_AGENT };
  try {
    return await fetch(url, { headers, signal, redirect: 'manual' });
  } catch (error) {
    const { name } = (error as { cause?: Error }).cause ?? (error as Error);
    throw new MediaProblem(
      `WhatsApp could not be reached (${signal.aborted ? 'no answer in time' : name})`,
      false,
    );
  }
}

async function jsonOf(response: Response): Promise<unknown> {
  let text = '';
  try {
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk as Uint8Array, { stream: true });
      if (text.length > MAX_ANSWER) return undefined;
    }
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** 100 with subcode 33 is how Graph says that there is no such thing, or none of this number's. */
function refused(error: Loose, status: number): MediaProblem {
  const code = numberOf(error.code);
  if (code === 100 && numberOf(error.error_subcode) === 33)
    return new MediaProblem('WhatsApp does not have the file any more.', true);
  if (code === null) return new MediaProblem(`WhatsApp answered ${status}`, false);
  return new MediaProblem(classifyGraphError({ code, message: textOf(error.message) }).reason, false);
}
