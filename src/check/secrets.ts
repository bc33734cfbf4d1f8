import { objectName, type Secret } from '../model/objects.ts';
import type { Problem } from '../model/problems.ts';
import { factsOf, type PairFacts, pairProblems } from './pairs.ts';
import { type Forecast, Forecaster } from './predict.ts';
import type { Subject } from './subject.ts';

/** Judges Secrets one after the other and keeps facts of them only, so that memory does not hold a company's keys. */
export class SecretJudge {
  readonly #subject: Subject;
  readonly #forecaster: Forecaster;
  readonly #facts = new Map<string, PairFacts>();

  constructor(subject: Subject) {
    this.#subject = subject;
    this.#forecaster = new Forecaster(subject);
  }

  judge(secret: Secret): void {
    this.#facts.set(objectName(secret), factsOf(secret));
    this.#forecaster.decide(secret);
  }

  pairProblems(): Problem[] {
    return pairProblems(this.#subject, this.#facts);
  }

  forecast(): Forecast {
    return this.#forecaster.forecast();
  }
}

/** The Secret with the names of its values and nothing of them. */
export function withoutValues(secret: Secret): Secret {
  return {
    ...secret,
    ...(secret.data === undefined
      ? {}
      : { data: Object.fromEntries(Object.keys(secret.data).map((name) => [name, ''])) }),
  };
}
