/** How much is measured. */
export interface Size {
  repetitions: number;
  webhooks: number;
  warmUp: number;
  contacts: number;
  /** Messages of the history that is read and searched. */
  history: number;
  answers: number;
  /** Of messages that come in one by one, and how long. */
  itemsPerSecond: number;
  repliesPerSecond: number;
  /** Users of the live chat who are connected, and what they and staff say. */
  chatUsers: number;
  chatPerSecond: number;
  pacedSeconds: number;
  /** Numbers of sockets that are told everything. */
  crowds: number[];
  /** What a crowd hears in a counted run, over all its sockets. */
  deliveries: number;
  agents: number;
}

export const STANDARD: Size = {
  repetitions: 3,
  webhooks: 20_000,
  warmUp: 3_000,
  contacts: 2_000,
  history: 1_000_000,
  answers: 500,
  itemsPerSecond: 300,
  repliesPerSecond: 25,
  chatUsers: 2_000,
  chatPerSecond: 200,
  pacedSeconds: 10,
  crowds: [1_000, 5_000],
  deliveries: 200_000,
  agents: 1_000,
};

/** The least with which every part still runs, for its test. */
export const TINY: Size = {
  repetitions: 1,
  webhooks: 100,
  warmUp: 20,
  contacts: 60,
  history: 1_000,
  answers: 10,
  itemsPerSecond: 50,
  repliesPerSecond: 15,
  chatUsers: 10,
  chatPerSecond: 20,
  pacedSeconds: 1,
  crowds: [5, 20],
  deliveries: 200,
  agents: 5,
};

/** Says whether everything works, and nothing about speed. */
export const QUICK: Size = {
  repetitions: 1,
  webhooks: 1_000,
  warmUp: 500,
  contacts: 100,
  history: 20_000,
  answers: 20,
  itemsPerSecond: 100,
  repliesPerSecond: 20,
  chatUsers: 100,
  chatPerSecond: 50,
  pacedSeconds: 3,
  crowds: [50, 200],
  deliveries: 20_000,
  agents: 20,
};
