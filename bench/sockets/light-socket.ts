import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { Frames, textFrame } from './frames';

export const NAMESPACE = '/crm';
const END_OF_HEAD = '\r\n\r\n';
const RECEIVED = Buffer.allocUnsafe(256 * 1024);
/** Digits at the beginning of a packet: Engine.IO's ping and message, then Socket.IO's connect, event and refusal. */
const [PING, MESSAGE, CONNECTED, EVENT, REFUSED] = [0x32, 0x34, 0x30, 0x32, 0x34];
const PONG = '3';

/**
 * A Socket.IO client on {@link NAMESPACE} that costs far less than what it measures: it looks at the first two bytes of each packet,
 * and all of them share one buffer for what the kernel has for them.
 */
export class LightSocket {
  private upgraded = false;
  private head = '';

  private constructor(
    private readonly socket: Socket,
    private readonly frames: Frames,
  ) {}

  /** Resolves when the server has let it in. `hear` gets each event as `["name",…]`, good until it returns. */
  static async open(
    url: string,
    token: string,
    hear: (bytes: Buffer, from: number, to: number) => void,
  ): Promise<LightSocket> {
    const { hostname, port } = new URL(url);
    return await new Promise<LightSocket>((opened, refused) => {
      const failed = (error: Error): void => {
        socket.destroy(); // else the server waits for it when it closes
        refused(error);
      };
      const frames = new Frames((bytes, from, length) => {
        if (bytes[from] === PING) return void socket.write(textFrame(PONG));
        if (bytes[from] !== MESSAGE) return;
        if (bytes[from + 1] === EVENT) hear(bytes, from + 2 + NAMESPACE.length + 1, from + length);
        else if (bytes[from + 1] === CONNECTED) opened(light);
        else if (bytes[from + 1] === REFUSED) failed(new Error(bytes.toString('utf8', from, from + length)));
      });
      const socket = connect({
        host: hostname,
        port: Number(port),
        noDelay: true,
        onread: {
          buffer: RECEIVED,
          callback: (length) => {
            light.receive(RECEIVED.subarray(0, length), token, failed);
            return true;
          },
        },
      });
      const light = new LightSocket(socket, frames);
      socket.once('error', failed);
      socket.once('close', () => failed(new Error('The server closed the connection.')));
      socket.once('connect', () => socket.write(upgradeRequest(`${hostname}:${port}`)));
    });
  }

  close(): void {
    this.socket.destroy();
  }

  private receive(bytes: Buffer, token: string, failed: (error: Error) => void): void {
    if (this.upgraded) return this.frames.push(bytes);
    this.head += bytes.toString('latin1');
    const end = this.head.indexOf(END_OF_HEAD);
    if (end === -1) return;
    if (!this.head.startsWith('HTTP/1.1 101')) return failed(new Error(this.head.slice(0, 100)));
    this.upgraded = true;
    this.socket.write(textFrame(`40${NAMESPACE},${JSON.stringify({ token })}`));
    this.frames.push(Buffer.from(this.head.slice(end + END_OF_HEAD.length), 'latin1'));
  }
}

function upgradeRequest(host: string): string {
  const head = [
    'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1',
    `Host: ${host}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    'Sec-WebSocket-Version: 13',
  ];
  return head.join('\r\n') + END_OF_HEAD;
}
