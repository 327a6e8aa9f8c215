import { Controller, Get, Query } from '@nestjs/common';
import type { StaffActor } from '../common/actor';
import { Access } from '../platform/http/access';
import { CurrentActor } from '../platform/http/current-actor';
import { AgentsQuery, ReportQuery, SummaryQuery } from './analytics.dto';
import { AnalyticsService } from './analytics.service';
import type {
  AgentsReport,
  ResolutionReport,
  ResponseTimesReport,
  SatisfactionReport,
  SummaryDto,
  VolumeReport,
} from './analytics.types';

@Controller('analytics')
@Access('supervisor')
export class AnalyticsController {
  constructor(private readonly analytics: AnalyticsService) {}

  @Get('summary')
  @Access('employer')
  async summary(@CurrentActor() actor: StaffActor, @Query() query: SummaryQuery): Promise<SummaryDto> {
    return await this.analytics.summary(actor, query);
  }

  @Get('response-times')
  async responseTimes(
    @CurrentActor() actor: StaffActor,
    @Query() query: ReportQuery,
  ): Promise<ResponseTimesReport> {
    return await this.analytics.responseTimes(actor, query);
  }

  @Get('volume')
  async volume(@CurrentActor() actor: StaffActor, @Query() query: ReportQuery): Promise<VolumeReport> {
    return await this.analytics.volume(actor, query);
  }

  @Get('resolution')
  async resolution(
    @CurrentActor() actor: StaffActor,
    @Query() query: ReportQuery,
  ): Promise<ResolutionReport> {
    return await this.analytics.resolution(actor, query);
  }

  @Get('satisfaction')
  async satisfaction(
    @CurrentActor() actor: StaffActor,
    @Query() query: ReportQuery,
  ): Promise<SatisfactionReport> {
    return await this.analytics.satisfaction(actor, query);
  }

  @Get('agents')
  async agents(@CurrentActor() actor: StaffActor, @Query() query: AgentsQuery): Promise<AgentsReport> {
    return await this.analytics.agents(actor, query);
  }
}
