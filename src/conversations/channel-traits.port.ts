/** What makes a difference beyond a channel's own folder. Each channel says it of itself, where its driver is. */
export interface ChannelTraits {
  /** Its provider takes free answers only for a day after the customer's last message. */
  window: boolean;
  /** Customers are shown buttons and lists to choose from. */
  buttons: boolean;
  /** Its conversations are each with one number of ours. */
  integrations: boolean;
}

const PLAIN: ChannelTraits = { window: false, buttons: false, integrations: false };

const declared = new Map<string, ChannelTraits>();

/** Each channel, while the modules start. */
export function declareChannel(channel: string, traits: ChannelTraits): void {
  declared.set(channel, traits);
}

export function traitsOf(channel: string): ChannelTraits {
  return declared.get(channel) ?? PLAIN;
}

/** The channel in which a conversation is with one of our numbers. */
export function channelOfIntegrations(): string {
  for (const [channel, { integrations }] of declared) if (integrations) return channel;
  throw new Error('No channel has integrations.');
}
