import { Injectable } from '@nestjs/common';
import type { AppError } from '../../common/app-error';

export type ErrorForm = (error: AppError) => object;

/** Surfaces whose contract says how an error looks. Everywhere else it is the error's own body. */
@Injectable()
export class ErrorForms {
  private readonly forms: { prefix: string; form: ErrorForm }[] = [];

  /** For all paths below `prefix`, which ends with a slash: also those that do not exist. */
  register(prefix: string, form: ErrorForm): void {
    this.forms.push({ prefix, form });
  }

  bodyOf(error: AppError, request: { url: string; id: string }): object {
    const found = this.forms.find(({ prefix }) => request.url.startsWith(prefix));
    return found === undefined ? error.toBody(request.id) : found.form(error);
  }
}
