import type { EventEmitter } from 'node:events';
import type { Socket as Connection } from 'node:net';
import { Decoder, Encoder, type Packet, PacketType } from 'socket.io-parser';

/** JSON text that goes to sockets as it is, in place of the object that it stands for. */
export class ReadyJson {
  constructor(readonly text: string) {}

  /** For whoever wants the object after all. */
  toJSON(): unknown {
    return JSON.parse(this.text) as unknown;
  }
}

/** Socket.IO's own, but for events whose first argument is ready: that is neither looked through nor written anew. */
class PacketEncoder extends Encoder {
  override encode(packet: Packet): ReturnType<Encoder['encode']> {
    if (packet.type !== PacketType.EVENT || packet.id !== undefined) return super.encode(packet);
    const [event, first, ...rest] = packet.data as unknown[];
    if (!(first instanceof ReadyJson)) return super.encode(packet);
    const texts = [JSON.stringify(event), first.text, ...rest.map((each) => JSON.stringify(each))];
    return [`${packet.type}${packet.nsp === '/' ? '' : `${packet.nsp},`}[${texts.join(',')}]`];
  }
}

/** For the option `parser` of a Socket.IO server. */
export const PACKET_PARSER = { Encoder: PacketEncoder, Decoder };

interface Flushing {
  transport: { name: string; socket?: Record<string, unknown> };
}

/** What a socket of this Socket.IO server is sent together goes out in one system call instead of one for each event. */
export function gatherFrames({ engine }: { engine: Pick<EventEmitter, 'on'> }): void {
  // The connection below a WebSocket has no official name; where it were gone, frames would go out one by one.
  const connectionOf = ({ transport }: Flushing): Connection | undefined =>
    transport.name === 'websocket'
      ? ((transport.socket?.['_socket'] as Connection | null | undefined) ?? undefined)
      : undefined;
  // Both are told synchronously, before and after the frames are written.
  engine.on('flush', (socket: Flushing) => connectionOf(socket)?.cork());
  engine.on('drain', (socket: Flushing) => connectionOf(socket)?.uncork());
}
