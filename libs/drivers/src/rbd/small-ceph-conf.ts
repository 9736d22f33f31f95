/** The configuration of a small Ceph cluster, see small-ceph.ts. */

/** What it is made from. */
export interface SmallCephPlan {
  readonly directory: string;
  readonly fsid: string;
  readonly address: string;
  readonly ports: { readonly v2: number; readonly v1: number };
  readonly osdBytes: number;
}

/** The text of `ceph.conf`. */
export function smallCephConf({ directory, fsid, address, ports, osdBytes }: SmallCephPlan): string {
  const settings: Record<string, string | number | boolean> = {
    fsid,
    mon_host: `[v2:${address}:${ports.v2},v1:${address}:${ports.v1}]`,
    mon_initial_members: 'a',
    public_addr: address,
    auth_cluster_required: 'cephx',
    auth_service_required: 'cephx',
    auth_client_required: 'cephx',
    auth_allow_insecure_global_id_reclaim: false,
    keyring: `${directory}/admin.keyring`,
    // One OSD holds the only copy of everything.
    osd_pool_default_size: 1,
    osd_pool_default_min_size: 1,
    osd_crush_chooseleaf_type: 0,
    mon_allow_pool_size_one: true,
    mon_warn_on_pool_no_redundancy: false,
    // It was put into the CRUSH map by hand.
    osd_class_update_on_start: false,
    osd_crush_update_on_start: false,
    osd_objectstore: 'bluestore',
    bluestore_block_size: osdBytes,
    osd_memory_target: 2 ** 30,
    osd_memory_cache_min: 2 ** 27,
    // A client that died holds its images for so long.
    osd_client_watch_timeout: 5,
    // Used space is seen soon.
    mgr_stats_period: 1,
    run_dir: directory,
    crash_dir: directory,
    log_file: `${directory}/$name.log`,
    mon_cluster_log_file: `${directory}/cluster.log`,
    // A unix socket's path would limit the directory's.
    admin_socket: '',
    pid_file: '',
    mon_data: `${directory}/mon.$id`,
    mgr_data: `${directory}/mgr.$id`,
    osd_data: `${directory}/osd.$id`,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  const keyrings = ['mgr', 'osd'].map((type) => `[${type}]\nkeyring = ${directory}/$type.$id/keyring`);
  return ['[global]', ...lines, '[mon]', `keyring = ${directory}/mon.a/keyring`, ...keyrings, ''].join('\n');
}
