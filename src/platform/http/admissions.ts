import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/**
 * Admits callers of one kind: throws where their proof is wrong; false where they bring none of this kind. What it
 * learns of them it leaves on the request.
 */
export type Admission = (request: FastifyRequest) => Promise<boolean>;

/** Who admits callers that are no staff. Features register themselves while the modules start. */
@Injectable()
export class Admissions {
  private readonly admissions = new Map<string, Admission>();
  private readonly refusals: { prefix: string; refusal: (request: FastifyRequest) => Promise<void> }[] = [];

  register(who: string, admission: Admission): void {
    this.admissions.set(who, admission);
  }

  /** Of callers who are known, but not as staff, and call a staff route under the prefix. Throws what they are told. */
  registerRefusal(prefix: string, refusal: (request: FastifyRequest) => Promise<void>): void {
    this.refusals.push({ prefix, refusal });
  }

  /** Throws where somebody is known not to be staff; to everybody else it says nothing. */
  async refuse(request: FastifyRequest): Promise<void> {
    for (const { prefix, refusal } of this.refusals)
      if (request.url.startsWith(prefix)) await refusal(request);
  }

  /** Nobody is admitted under a name that nobody has registered. */
  async admit(who: string, request: FastifyRequest): Promise<boolean> {
    return (await this.admissions.get(who)?.(request)) ?? false;
  }
}
