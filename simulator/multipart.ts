/** One part of a multipart/form-data body. */
export interface FormPart {
  name: string;
  filename?: string;
  contentType?: string;
  bytes: Buffer;
}

const HEADER_END = Buffer.from('\r\n\r\n');

/** The boundary named by a Content-Type header, or undefined when it is not multipart/form-data. */
export function boundaryOf(contentType: string): string | undefined {
  if (!/^multipart\/form-data\s*;/i.test(contentType)) return undefined;
  const found = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType);
  return found?.[1] ?? found?.[2];
}

/** The parts in order, or undefined when the body is cut off or malformed. */
export function parseMultipart(body: Buffer, boundary: string): FormPart[] | undefined {
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  const opening = delimiter.subarray(2);
  let start: number;
  if (body.subarray(0, opening.length).equals(opening)) start = opening.length;
  else {
    const preamble = body.indexOf(delimiter);
    if (preamble < 0) return undefined;
    start = preamble + delimiter.length;
  }
  const parts: FormPart[] = [];
  for (;;) {
    if (body.toString('latin1', start, start + 2) === '--') return parts;
    const lineEnd = body.indexOf('\r\n', start);
    if (lineEnd < 0 || body.toString('latin1', start, lineEnd).trim() !== '') return undefined;
    // A part without headers has its empty line right after the boundary's.
    const headerEnd = body.indexOf(HEADER_END, lineEnd);
    if (headerEnd < 0) return undefined;
    const contentStart = headerEnd + HEADER_END.length;
    const contentEnd = body.indexOf(delimiter, contentStart - 2);
    if (contentEnd < 0) return undefined;
    const part = partOf(
      body.toString('utf8', lineEnd + 2, Math.max(lineEnd + 2, headerEnd)),
      body.subarray(contentStart, Math.max(contentStart, contentEnd)),
    );
    if (!part) return undefined;
    parts.push(part);
    start = contentEnd + delimiter.length;
  }
}

function partOf(head: string, bytes: Buffer): FormPart | undefined {
  let disposition = '';
  let contentType: string | undefined;
  for (const line of head.split('\r\n')) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).trim().toLowerCase();
    if (name === 'content-disposition') disposition = line.slice(colon + 1);
    if (name === 'content-type') contentType = line.slice(colon + 1).trim();
  }
  const name = parameter(disposition, 'name');
  if (name === undefined) return undefined;
  const filename = parameter(disposition, 'filename');
  return {
    name,
    bytes,
    ...(filename === undefined ? {} : { filename }),
    ...(contentType === undefined ? {} : { contentType }),
  };
}

function parameter(disposition: string, key: string): string | undefined {
  const found = new RegExp(`;\\s*${key}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^;\\s]+))`, 'i').exec(disposition);
  // Browsers write a quote inside a name as %22, other clients as \".
  return (found?.[1] ?? found?.[2])?.replace(/\\(["\\])/g, '$1').replace(/%22/g, '"');
}
