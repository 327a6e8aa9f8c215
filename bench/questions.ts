/** What a process can be asked by the one that started it. */
export type Answers = Record<string, (input: never) => unknown>;

/** In a child: answers what `ServerProcess.ask` asks. What it does not know is somebody else's question. */
export function answerQuestions(answers: Answers): void {
  process.on('message', (message: { id?: number; question?: string; input?: unknown }) => {
    const { id, question = '', input } = message;
    const answer = Object.hasOwn(answers, question) ? answers[question] : undefined;
    if (id === undefined || answer === undefined) return;
    void Promise.resolve()
      .then(() => answer(input as never))
      .then(
        (given) => process.send!({ id, answer: given }),
        (error: Error) => process.send!({ id, error: error.message }),
      );
  });
}
