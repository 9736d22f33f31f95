import type { ResultOf } from '@durastack/contracts/command';
import { listCapabilities } from '@durastack/contracts/operations/list-capabilities';
import { Handles, type CommandHandler } from '../catalogue/handles.js';

/** Says what this cloud can do. */
@Handles(listCapabilities)
export class ListCapabilitiesHandler implements CommandHandler<typeof listCapabilities> {
  async execute(): Promise<ResultOf<typeof listCapabilities>> {
    return {
      cloudStackVersion: '4.22.1.0',
      securityGroupsEnabled: false,
      dynamicRolesEnabled: true,
      supportElb: 'false',
      userPublicTemplateEnabled: false,
      kvmSnapshotEnabled: false,
      projectInviteRequired: false,
      allowUserCreateProjects: true,
      allowUserExpungeRecoverVm: true,
      allowUserExpungeRecoverVolume: false,
      allowUserViewDestroyedVm: true,
      allowUserViewAllDomainAccounts: false,
      allowUserForceStopVm: true,
      customDiskOfferingMinSize: 1,
      customDiskOfferingMaxSize: 1024,
      defaultUiPageSize: 20,
      dynamicScalingEnabled: true,
      kubernetesServiceEnabled: false,
      kubernetesClusterExperimentalFeaturesEnabled: false,
      regionSecondaryEnabled: false,
    };
  }
}
