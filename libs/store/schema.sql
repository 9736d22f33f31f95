CREATE TABLE `account` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `domain_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `name` varchar(255) NOT NULL,
  `role` varchar(20) NOT NULL,
  `role_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `state` varchar(20) NOT NULL,
  `default_zone_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `is_default` tinyint NOT NULL DEFAULT 0,
  `removal_operation_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `account_domain_name` (`domain_id`,`name`),
  KEY `account_domain_page` (`domain_id`,`id`,`state`,`role`),
  KEY `account_role` (`role_id`)
);

CREATE TABLE `affinity_group` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `name` varchar(255) NOT NULL,
  `type` varchar(40) NOT NULL,
  `description` varchar(4096) DEFAULT NULL,
  `account_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `domain_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `affinity_group_name` (`account_id`,`name`),
  KEY `affinity_group_domain` (`domain_id`)
);

CREATE TABLE `affinity_group_member` (
  `group_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `vm_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`group_id`,`vm_id`),
  KEY `affinity_group_member_vm` (`vm_id`)
);

CREATE TABLE `alert` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `type` int NOT NULL,
  `name` varchar(60) NOT NULL,
  `description` varchar(4096) NOT NULL,
  `open_key` varchar(190) DEFAULT NULL,
  `resource_type` varchar(30) DEFAULT NULL,
  `resource_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `archived` tinyint NOT NULL DEFAULT 0,
  `created_at` datetime(3) NOT NULL,
  `cleared_at` datetime(3) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `alert_open` (`open_key`),
  KEY `alert_created` (`archived`,`created_at`)
);

CREATE TABLE `annotation` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `text` varchar(4096) NOT NULL,
  `resource_type` varchar(30) NOT NULL,
  `resource_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `account_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `domain_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `admins_only` tinyint NOT NULL DEFAULT 0,
  `user_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  KEY `annotation_account` (`account_id`),
  KEY `annotation_resource` (`resource_type`,`resource_id`)
);

CREATE TABLE `claim` (
  `resource_type` varchar(30) NOT NULL,
  `resource_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `operation_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`resource_type`,`resource_id`,`operation_id`),
  KEY `claim_operation` (`operation_id`)
);

CREATE TABLE `cluster` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `zone_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `pod_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `name` varchar(255) NOT NULL,
  `hypervisor` varchar(20) NOT NULL,
  `allocation_state` varchar(20) NOT NULL,
  `out_of_band_management_disabled` tinyint NOT NULL DEFAULT 0,
  `ha_disabled` tinyint NOT NULL DEFAULT 0,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `cluster_pod_name` (`pod_id`,`name`),
  KEY `cluster_zone` (`zone_id`)
);

CREATE TABLE `cluster_setting` (
  `cluster_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `name` varchar(100) NOT NULL,
  `value` longtext NOT NULL,
  PRIMARY KEY (`cluster_id`,`name`)
);

CREATE TABLE `console_token` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `token_sha256` varchar(64) NOT NULL,
  `vm_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `user_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `expires_at` datetime(3) NOT NULL,
  `used_at` datetime(3) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `console_token_secret` (`token_sha256`),
  KEY `console_token_expires` (`expires_at`)
);

CREATE TABLE `dedication` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `resource_type` varchar(30) NOT NULL,
  `resource_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `zone_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `domain_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `account_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `dedication_resource` (`resource_type`,`resource_id`),
  KEY `dedication_zone` (`zone_id`)
);

CREATE TABLE `disk_offering` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `name` varchar(255) NOT NULL,
  `display_text` varchar(4096) NOT NULL,
  `size_bytes` bigint NOT NULL DEFAULT 0,
  `customized` tinyint NOT NULL DEFAULT 0,
  `storage_type` varchar(20) NOT NULL,
  `tags` varchar(255) DEFAULT NULL,
  `removed` tinyint NOT NULL DEFAULT 0,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`)
);

CREATE TABLE `doctor_finding` (
  `id` varchar(190) NOT NULL,
  `kind` varchar(40) NOT NULL,
  `severity` varchar(10) NOT NULL,
  `finding_json` longtext NOT NULL,
  `checks` int NOT NULL DEFAULT 1,
  `first_seen_at` datetime(3) NOT NULL,
  `last_seen_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`)
);

CREATE TABLE `domain` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `parent_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `name` varchar(255) NOT NULL,
  `path` varchar(700) NOT NULL,
  `display_path` varchar(1024) NOT NULL,
  `level` int NOT NULL DEFAULT 0,
  `removed` tinyint NOT NULL DEFAULT 0,
  `removal_operation_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `domain_parent_name` (`parent_id`,`name`),
  KEY `domain_page` (`removed`,`id`),
  KEY `domain_path` (`path`)
);

CREATE TABLE `drs_move` (
  `plan_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `position` int NOT NULL,
  `vm_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `from_host_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `to_host_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `copy_mib` int NOT NULL,
  `expected_seconds` int NOT NULL,
  `imbalance_before` double NOT NULL,
  `imbalance_after` double NOT NULL,
  `passed_over` varchar(1024) DEFAULT NULL,
  PRIMARY KEY (`plan_id`,`position`)
);

CREATE TABLE `drs_plan` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `cluster_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `kind` varchar(20) NOT NULL,
  `status` varchar(20) NOT NULL,
  `algorithm` varchar(20) NOT NULL,
  `metric` varchar(20) NOT NULL,
  `threshold` double NOT NULL,
  `imbalance_before` double NOT NULL,
  `imbalance_after` double NOT NULL,
  `host_count` int NOT NULL,
  `idle` varchar(30) DEFAULT NULL,
  `operation_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  KEY `drs_plan_created` (`created_at`),
  KEY `drs_plan_cluster` (`cluster_id`,`created_at`)
);

CREATE TABLE `event` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `account_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `domain_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `user_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `type` varchar(60) NOT NULL,
  `level` varchar(10) NOT NULL,
  `state` varchar(20) NOT NULL,
  `description` longtext NOT NULL,
  `resource_type` varchar(30) DEFAULT NULL,
  `resource_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `operation_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `source_address` varchar(64) DEFAULT NULL,
  `archived` tinyint NOT NULL DEFAULT 0,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  KEY `event_domain` (`domain_id`,`created_at`),
  KEY `event_account` (`account_id`,`created_at`),
  KEY `event_created` (`created_at`,`id`)
);

CREATE TABLE `global_setting` (
  `name` varchar(100) NOT NULL,
  `value` longtext NOT NULL,
  PRIMARY KEY (`name`)
);

CREATE TABLE `host` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `name` varchar(255) NOT NULL,
  `zone_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `pod_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `cluster_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `hypervisor` varchar(20) NOT NULL,
  `state` varchar(20) NOT NULL,
  `allocation_state` varchar(30) NOT NULL,
  `allocation_before` varchar(30) DEFAULT NULL,
  `maintenance_operation_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `natural_key` varchar(255) DEFAULT NULL,
  `agent_url` varchar(255) DEFAULT NULL,
  `ip_address` varchar(45) DEFAULT NULL,
  `tunnel_address` varchar(45) DEFAULT NULL,
  `incarnation` int NOT NULL DEFAULT 0,
  `certificate_serial` varchar(64) DEFAULT NULL,
  `next_certificate_serial` varchar(64) DEFAULT NULL,
  `certificate_expires_at` datetime(3) DEFAULT NULL,
  `fence_epoch` int NOT NULL DEFAULT 0,
  `boot_id` varchar(64) DEFAULT NULL,
  `accelerator` varchar(20) DEFAULT NULL,
  `agent_version` varchar(64) DEFAULT NULL,
  `hypervisor_version` varchar(64) DEFAULT NULL,
  `cpu_count` int NOT NULL DEFAULT 0,
  `cpu_mhz` int NOT NULL DEFAULT 0,
  `memory_mib` bigint NOT NULL DEFAULT 0,
  `cpu_mhz_reserved` bigint NOT NULL DEFAULT 0,
  `memory_mib_reserved` bigint NOT NULL DEFAULT 0,
  `cpu_percent_used` float DEFAULT NULL,
  `memory_mib_used` bigint DEFAULT NULL,
  `tags` varchar(255) DEFAULT NULL,
  `last_heartbeat_at` datetime(3) DEFAULT NULL,
  `watchdog_period_ms` int DEFAULT NULL,
  `watchdog_lease_ms` int DEFAULT NULL,
  `operation_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `enrolment_sealed` longtext DEFAULT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `host_natural_key` (`natural_key`),
  KEY `host_tags` (`tags`,`state`),
  KEY `host_heartbeat` (`state`,`last_heartbeat_at`),
  KEY `host_zone_state` (`zone_id`,`state`),
  KEY `host_cluster` (`cluster_id`)
);

CREATE TABLE `host_fence` (
  `host_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `operation_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `fence_epoch` int NOT NULL,
  `boot_id_before` varchar(64) DEFAULT NULL,
  `is_held_off` tinyint NOT NULL DEFAULT 0,
  `first_off_at` datetime(3) DEFAULT NULL,
  `again_off_at` datetime(3) DEFAULT NULL,
  `declared_lost_at` datetime(3) DEFAULT NULL,
  `declared_lost_by` varchar(255) DEFAULT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`host_id`)
);

CREATE TABLE `host_ha` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `provider` varchar(60) NOT NULL,
  `enabled` tinyint NOT NULL DEFAULT 0,
  `state` varchar(20) NOT NULL,
  `reason` varchar(1024) DEFAULT NULL,
  `since` datetime(3) NOT NULL,
  `falls` int NOT NULL DEFAULT 0,
  `fell_at` datetime(3) DEFAULT NULL,
  `operation_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  KEY `host_ha_state` (`enabled`,`state`)
);

CREATE TABLE `host_obligation` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `host_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `verb` varchar(60) NOT NULL,
  `params_json` longtext NOT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  KEY `host_obligation_host` (`host_id`)
);

CREATE TABLE `host_pool` (
  `host_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `pool_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `mount` varchar(255) NOT NULL,
  `locks` varchar(20) DEFAULT NULL,
  `detail` varchar(1024) DEFAULT NULL,
  `tried_with_host_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `tried_boot_id` varchar(64) DEFAULT NULL,
  `tried_mount` varchar(255) DEFAULT NULL,
  `tried_at` datetime(3) DEFAULT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`host_id`,`pool_id`)
);

CREATE TABLE `host_shut_out` (
  `host_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `pool_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `address` varchar(45) NOT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`host_id`,`pool_id`,`address`)
);

CREATE TABLE `host_storage_address` (
  `host_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `pool_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `address` varchar(45) NOT NULL,
  `boot_id` varchar(64) NOT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`host_id`,`pool_id`,`address`)
);

CREATE TABLE `host_usage` (
  `host_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `measured_at` datetime(3) NOT NULL,
  `cpu_mhz` int NOT NULL,
  `memory_mib` int NOT NULL,
  `machines_json` longtext NOT NULL,
  PRIMARY KEY (`host_id`)
);

CREATE TABLE `idempotency_key` (
  `user_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `key_sha256` char(64) NOT NULL,
  `request_sha256` varchar(64) NOT NULL,
  `status` int DEFAULT NULL,
  `location` varchar(255) DEFAULT NULL,
  `body` longtext DEFAULT NULL,
  `operation_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`user_id`,`key_sha256`),
  KEY `idempotency_key_created` (`created_at`)
);

CREATE TABLE `image_store` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `zone_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `name` varchar(255) NOT NULL,
  `path` varchar(1024) NOT NULL,
  `removed` tinyint NOT NULL DEFAULT 0,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `image_store_zone_name` (`zone_id`,`name`)
);

CREATE TABLE `instance_group` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `name` varchar(255) NOT NULL,
  `account_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `domain_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `instance_group_name` (`account_id`,`name`),
  KEY `instance_group_domain` (`domain_id`)
);

CREATE TABLE `lease` (
  `name` varchar(60) NOT NULL,
  `holder` varchar(100) NOT NULL,
  `hint_url` varchar(255) DEFAULT NULL,
  `held_since` datetime(3) NOT NULL,
  `expires_at` datetime(3) NOT NULL,
  PRIMARY KEY (`name`)
);

CREATE TABLE `lost_machine` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `vm_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `host_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `operation_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `proven_at` datetime(3) DEFAULT NULL,
  `wants_restart` tinyint NOT NULL DEFAULT 0,
  `priority` int NOT NULL DEFAULT 0,
  `attempts` int NOT NULL DEFAULT 0,
  `next_at` datetime(3) DEFAULT NULL,
  `reason` varchar(1024) DEFAULT NULL,
  `settled` tinyint NOT NULL DEFAULT 0,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  KEY `lost_machine_turn` (`settled`,`priority`),
  KEY `lost_machine_operation` (`operation_id`,`settled`),
  KEY `lost_machine_host` (`host_id`,`vm_id`)
);

CREATE TABLE `network` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `name` varchar(255) NOT NULL,
  `display_text` varchar(4096) NOT NULL,
  `account_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `domain_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `zone_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `kind` varchar(20) NOT NULL,
  `offering_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '0ff00000-0000-4000-8000-000000000001',
  `acl` varchar(20) NOT NULL,
  `driver` varchar(20) NOT NULL,
  `bridge` varchar(15) NOT NULL,
  `vlan` int DEFAULT NULL,
  `vni` int DEFAULT NULL,
  `fabric_revision` bigint NOT NULL DEFAULT 0,
  `mtu` int NOT NULL DEFAULT 1500,
  `cidr` varchar(20) NOT NULL,
  `gateway` varchar(45) NOT NULL,
  `start_ip` varchar(45) NOT NULL,
  `end_ip` varchar(45) NOT NULL,
  `state` varchar(20) NOT NULL,
  `operation_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `network_vni` (`zone_id`,`vni`),
  KEY `network_zone` (`zone_id`,`state`),
  KEY `network_acl` (`acl`,`state`),
  KEY `network_domain_page` (`domain_id`,`id`,`state`,`account_id`),
  KEY `network_account_page` (`account_id`,`id`,`state`)
);

CREATE TABLE `network_offering` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `name` varchar(255) NOT NULL,
  `display_text` varchar(4096) NOT NULL,
  `guest_ip_type` varchar(20) NOT NULL,
  `state` varchar(20) NOT NULL,
  `availability` varchar(20) NOT NULL,
  `is_default` tinyint NOT NULL DEFAULT 0,
  `for_vpc` tinyint NOT NULL DEFAULT 0,
  `conserve_mode` tinyint NOT NULL DEFAULT 0,
  `is_persistent` tinyint NOT NULL DEFAULT 0,
  `specify_vlan` tinyint NOT NULL DEFAULT 0,
  `specify_ip_ranges` tinyint NOT NULL DEFAULT 0,
  `egress_default_policy` tinyint NOT NULL DEFAULT 0,
  `network_rate` int DEFAULT NULL,
  `max_connections` int DEFAULT NULL,
  `tags` varchar(4096) DEFAULT NULL,
  `services_json` longtext NOT NULL,
  `details_json` longtext DEFAULT NULL,
  `live_key` varchar(36) NOT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `network_offering_name` (`name`,`live_key`)
);

CREATE TABLE `network_on_host` (
  `network_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `host_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `is_stale` tinyint NOT NULL DEFAULT 0,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`network_id`,`host_id`),
  KEY `network_on_host_stale` (`is_stale`),
  KEY `network_on_host_host` (`host_id`)
);

CREATE TABLE `network_service_provider` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `physical_network_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `name` varchar(255) NOT NULL,
  `state` varchar(20) NOT NULL,
  `service_list` varchar(2048) NOT NULL,
  `destination_physical_network_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `network_service_provider_name` (`physical_network_id`,`name`)
);

CREATE TABLE `nic` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `vm_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `network_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `mac` varchar(17) NOT NULL,
  `ip` varchar(45) NOT NULL,
  `tap` varchar(15) NOT NULL,
  `is_default` tinyint NOT NULL DEFAULT 0,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `nic_mac` (`mac`),
  UNIQUE KEY `nic_network_ip` (`network_id`,`ip`),
  KEY `nic_vm` (`vm_id`)
);

CREATE TABLE `nic_secondary_ip` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `nic_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `network_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `ip` varchar(45) NOT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `nic_secondary_ip_network_ip` (`network_id`,`ip`),
  KEY `nic_secondary_ip_nic` (`nic_id`)
);

CREATE TABLE `operation` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `seq` bigint NOT NULL AUTO_INCREMENT,
  `kind` varchar(60) NOT NULL,
  `state` varchar(20) NOT NULL,
  `run` int NOT NULL DEFAULT 0,
  `direction` varchar(20) NOT NULL,
  `resource_type` varchar(30) NOT NULL,
  `resource_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `summary` varchar(255) NOT NULL,
  `account_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `domain_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `user_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `zone_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `lifecycle_json` longtext NOT NULL,
  `event_type` varchar(60) DEFAULT NULL,
  `input_json` longtext NOT NULL,
  `natural_key` varchar(255) DEFAULT NULL,
  `parent_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `child_index` int DEFAULT NULL,
  `result_json` longtext DEFAULT NULL,
  `step_index` int NOT NULL DEFAULT 0,
  `step_count` int NOT NULL DEFAULT 0,
  `step_token` int NOT NULL DEFAULT 0,
  `step_title` varchar(255) DEFAULT NULL,
  `step_detail` varchar(255) DEFAULT NULL,
  `progress_json` longtext DEFAULT NULL,
  `error_code` varchar(30) DEFAULT NULL,
  `error_message` longtext DEFAULT NULL,
  `error_step` varchar(255) DEFAULT NULL,
  `explanation_json` longtext DEFAULT NULL,
  `attention_cause` varchar(30) DEFAULT NULL,
  `turned_back_json` longtext DEFAULT NULL,
  `decision` varchar(20) DEFAULT NULL,
  `supersedes` tinyint NOT NULL DEFAULT 0,
  `cancel_requested_at` datetime(3) DEFAULT NULL,
  `cancel_signalled` tinyint NOT NULL DEFAULT 0,
  `created_at` datetime(3) NOT NULL,
  `granted_at` datetime(3) DEFAULT NULL,
  `dispatched_at` datetime(3) DEFAULT NULL,
  `started_at` datetime(3) DEFAULT NULL,
  `ended_at` datetime(3) DEFAULT NULL,
  `touched_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `operation_seq` (`seq`),
  UNIQUE KEY `operation_parent` (`parent_id`,`child_index`),
  UNIQUE KEY `operation_natural_key` (`natural_key`),
  KEY `operation_account` (`account_id`,`seq`),
  KEY `operation_resource` (`resource_type`,`resource_id`,`seq`),
  KEY `operation_dispatch` (`state`,`dispatched_at`,`account_id`,`seq`),
  KEY `operation_state` (`state`,`seq`)
);

CREATE TABLE `operation_lock` (
  `operation_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `resource_type` varchar(30) NOT NULL,
  `resource_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `mode` varchar(10) NOT NULL,
  `seq` bigint NOT NULL,
  `waiting` tinyint NOT NULL DEFAULT 0,
  PRIMARY KEY (`operation_id`,`resource_type`,`resource_id`),
  KEY `operation_lock_waiting` (`resource_type`,`resource_id`,`waiting`,`seq`),
  KEY `operation_lock_mode` (`resource_type`,`resource_id`,`mode`,`seq`)
);

CREATE TABLE `operation_run` (
  `generation` bigint NOT NULL AUTO_INCREMENT,
  `operation_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `run` int NOT NULL,
  `started_at` datetime(3) NOT NULL,
  PRIMARY KEY (`generation`),
  UNIQUE KEY `operation_run_operation` (`operation_id`,`run`)
);

CREATE TABLE `out_of_band_management` (
  `host_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `driver` varchar(20) NOT NULL,
  `address` varchar(255) NOT NULL,
  `port` int NOT NULL,
  `username` varchar(255) NOT NULL,
  `password_sealed` varchar(1024) NOT NULL,
  `next_password_sealed` varchar(1024) DEFAULT NULL,
  `fingerprint` varchar(64) DEFAULT NULL,
  `enabled` tinyint NOT NULL DEFAULT 0,
  `power_state` varchar(20) NOT NULL,
  `power_read_at` datetime(3) DEFAULT NULL,
  `last_action` varchar(10) DEFAULT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`host_id`)
);

CREATE TABLE `physical_network` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `zone_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `domain_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `name` varchar(255) NOT NULL,
  `state` varchar(20) NOT NULL,
  `isolation_methods` varchar(40) DEFAULT NULL,
  `broadcast_domain_range` varchar(20) NOT NULL,
  `network_speed` varchar(255) DEFAULT NULL,
  `tags` varchar(2048) DEFAULT NULL,
  `vlan` varchar(255) DEFAULT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `physical_network_name` (`zone_id`,`name`)
);

CREATE TABLE `pod` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `zone_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `name` varchar(255) NOT NULL,
  `gateway` varchar(45) DEFAULT NULL,
  `netmask` varchar(45) DEFAULT NULL,
  `start_ip` varchar(45) DEFAULT NULL,
  `end_ip` varchar(45) DEFAULT NULL,
  `allocation_state` varchar(20) NOT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `pod_zone_name` (`zone_id`,`name`)
);

CREATE TABLE `project` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `domain_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `account_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `name` varchar(255) NOT NULL,
  `display_text` longtext NOT NULL,
  `state` varchar(20) NOT NULL,
  `removal_operation_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `project_account` (`account_id`),
  UNIQUE KEY `project_domain_name` (`domain_id`,`name`)
);

CREATE TABLE `project_invitation` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `project_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `account_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `domain_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `user_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `role` varchar(20) NOT NULL,
  `project_role_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `email` varchar(255) DEFAULT NULL,
  `state` varchar(20) NOT NULL,
  `expires_at` datetime(3) NOT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  KEY `project_invitation_domain` (`domain_id`),
  KEY `project_invitation_account` (`account_id`),
  KEY `project_invitation_project` (`project_id`,`account_id`)
);

CREATE TABLE `project_member` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `project_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `account_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `user_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `role` varchar(20) NOT NULL,
  `project_role_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  KEY `project_member_account` (`account_id`,`project_id`),
  KEY `project_member_project` (`project_id`,`account_id`)
);

CREATE TABLE `project_role` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `project_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `name` varchar(255) NOT NULL,
  `description` longtext DEFAULT NULL,
  `version` int NOT NULL DEFAULT 1,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `project_role_name` (`project_id`,`name`)
);

CREATE TABLE `public_ip` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `range_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `zone_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `ip` varchar(45) NOT NULL,
  `position` bigint NOT NULL,
  `state` varchar(20) NOT NULL,
  `account_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `domain_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `network_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `allocated_at` datetime(3) DEFAULT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `public_ip_address` (`zone_id`,`position`),
  KEY `public_ip_network` (`network_id`),
  KEY `public_ip_domain_page` (`domain_id`,`id`,`state`,`account_id`),
  KEY `public_ip_account_page` (`account_id`,`id`,`state`),
  KEY `public_ip_page` (`state`,`id`,`account_id`),
  KEY `public_ip_range` (`range_id`),
  KEY `public_ip_state` (`zone_id`,`state`,`position`)
);

CREATE TABLE `recovery_finding` (
  `kind` varchar(40) NOT NULL,
  `subject` varchar(120) NOT NULL,
  `host_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `message` longtext NOT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`kind`,`subject`)
);

CREATE TABLE `recovery_host` (
  `host_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `state` varchar(20) NOT NULL,
  `control_epoch` int NOT NULL DEFAULT 0,
  `inventory_json` longtext DEFAULT NULL,
  `error` varchar(1024) DEFAULT NULL,
  `attempted_at` datetime(3) DEFAULT NULL,
  PRIMARY KEY (`host_id`)
);

CREATE TABLE `remnant` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `operation_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `operation_seq` bigint NOT NULL,
  `resource_type` varchar(30) NOT NULL,
  `resource_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `kind` varchar(20) NOT NULL,
  `host_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `pool_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  KEY `remnant_resource` (`resource_type`,`resource_id`)
);

CREATE TABLE `reservation` (
  `owner_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `resource_type` varchar(30) NOT NULL,
  `resource_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `purpose` varchar(30) NOT NULL,
  `cpu_mhz` bigint NOT NULL DEFAULT 0,
  `memory_mib` bigint NOT NULL DEFAULT 0,
  `size_bytes` bigint NOT NULL DEFAULT 0,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`owner_id`,`resource_type`,`resource_id`,`purpose`),
  KEY `reservation_resource` (`resource_type`,`resource_id`)
);

CREATE TABLE `resource_detail` (
  `resource_type` varchar(30) NOT NULL,
  `resource_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `name` varchar(191) NOT NULL,
  `value` varchar(4096) NOT NULL,
  `for_display` tinyint NOT NULL DEFAULT 1,
  PRIMARY KEY (`resource_type`,`resource_id`,`name`)
);

CREATE TABLE `resource_limit` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `owner_type` varchar(10) NOT NULL,
  `owner_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `kind` int NOT NULL,
  `max` bigint NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `resource_limit_owner` (`owner_id`,`kind`)
);

CREATE TABLE `resource_setting` (
  `resource_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `name` varchar(100) NOT NULL,
  `value` longtext NOT NULL,
  PRIMARY KEY (`resource_id`,`name`),
  KEY `resource_setting_name` (`name`)
);

CREATE TABLE `resource_tag` (
  `resource_type` varchar(30) NOT NULL,
  `resource_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `key` varchar(191) NOT NULL,
  `value` varchar(255) NOT NULL,
  `account_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  PRIMARY KEY (`resource_type`,`resource_id`,`key`),
  KEY `resource_tag_key` (`key`,`value`)
);

CREATE TABLE `role` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `name` varchar(255) NOT NULL,
  `type` varchar(20) NOT NULL,
  `description` longtext DEFAULT NULL,
  `is_default` tinyint NOT NULL DEFAULT 0,
  `is_public` tinyint NOT NULL DEFAULT 1,
  `state` varchar(20) NOT NULL,
  `version` int NOT NULL DEFAULT 1,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `role_name_type` (`name`,`type`)
);

CREATE TABLE `role_permission` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `role_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `rule` varchar(255) NOT NULL,
  `permission` varchar(5) NOT NULL,
  `description` varchar(255) DEFAULT NULL,
  `sort_order` int NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `role_permission_rule` (`role_id`,`rule`),
  KEY `role_permission_order` (`role_id`,`sort_order`)
);

CREATE TABLE `schema_migration` (
  `id` int NOT NULL AUTO_INCREMENT,
  `timestamp` bigint NOT NULL,
  `name` varchar(255) NOT NULL,
  PRIMARY KEY (`id`)
);

CREATE TABLE `service_offering` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `name` varchar(255) NOT NULL,
  `display_text` varchar(4096) NOT NULL,
  `cpu_count` int DEFAULT NULL,
  `cpu_mhz` int DEFAULT NULL,
  `memory_mib` int DEFAULT NULL,
  `min_cpu_count` int DEFAULT NULL,
  `max_cpu_count` int DEFAULT NULL,
  `min_memory_mib` int DEFAULT NULL,
  `max_memory_mib` int DEFAULT NULL,
  `storage_type` varchar(20) NOT NULL,
  `host_tags` varchar(255) DEFAULT NULL,
  `storage_tags` varchar(255) DEFAULT NULL,
  `offer_ha` tinyint NOT NULL DEFAULT 0,
  `ha_priority` int NOT NULL DEFAULT 5,
  `dynamic_scaling` tinyint NOT NULL DEFAULT 0,
  `removed` tinyint NOT NULL DEFAULT 0,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`)
);

CREATE TABLE `session` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `user_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `cookie_sha256` varchar(64) NOT NULL,
  `session_key_sha256` varchar(64) NOT NULL,
  `lifetime_s` int NOT NULL,
  `expires_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  KEY `session_expires` (`expires_at`)
);

CREATE TABLE `setting` (
  `name` varchar(100) NOT NULL,
  `value` longtext NOT NULL,
  PRIMARY KEY (`name`)
);

CREATE TABLE `ssh_key_pair` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `account_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `domain_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `name` varchar(255) NOT NULL,
  `fingerprint` varchar(100) NOT NULL,
  `public_key` longtext NOT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `ssh_key_pair_owner_name` (`account_id`,`name`)
);

CREATE TABLE `storage_pool` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `name` varchar(255) NOT NULL,
  `natural_key` varchar(255) DEFAULT NULL,
  `zone_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `pod_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `cluster_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `host_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `kind` varchar(30) NOT NULL,
  `scope` varchar(20) NOT NULL,
  `path` varchar(1024) NOT NULL,
  `monitors` varchar(2048) DEFAULT NULL,
  `ceph_user` varchar(128) DEFAULT NULL,
  `secret_sealed` varchar(1024) DEFAULT NULL,
  `fencing_user` varchar(128) DEFAULT NULL,
  `fencing_secret_sealed` varchar(1024) DEFAULT NULL,
  `state` varchar(20) NOT NULL,
  `allocation_state` varchar(20) NOT NULL,
  `capacity_bytes` bigint NOT NULL DEFAULT 0,
  `overprovisioning` double NOT NULL DEFAULT 2,
  `used_bytes` bigint NOT NULL DEFAULT 0,
  `reserved_bytes` bigint NOT NULL DEFAULT 0,
  `locks` varchar(20) DEFAULT NULL,
  `locks_tried_at` datetime(3) DEFAULT NULL,
  `tags` varchar(255) DEFAULT NULL,
  `operation_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `storage_pool_natural_key` (`natural_key`),
  KEY `storage_pool_tags` (`tags`,`state`),
  KEY `storage_pool_host` (`host_id`),
  KEY `storage_pool_reach` (`zone_id`,`cluster_id`,`host_id`),
  KEY `storage_pool_zone` (`zone_id`,`state`)
);

CREATE TABLE `template` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `name` varchar(255) NOT NULL,
  `display_text` varchar(4096) NOT NULL,
  `account_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `domain_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `zone_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `store_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `url` varchar(2048) NOT NULL,
  `format` varchar(20) NOT NULL,
  `checksum` varchar(200) DEFAULT NULL,
  `hypervisor` varchar(20) NOT NULL,
  `os_type_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `is_public` tinyint NOT NULL DEFAULT 0,
  `is_featured` tinyint NOT NULL DEFAULT 0,
  `is_extractable` tinyint NOT NULL DEFAULT 0,
  `is_dynamically_scalable` tinyint NOT NULL DEFAULT 0,
  `password_enabled` tinyint NOT NULL DEFAULT 0,
  `bootable` tinyint NOT NULL DEFAULT 1,
  `state` varchar(20) NOT NULL,
  `percent` int NOT NULL DEFAULT 0,
  `status` varchar(1024) DEFAULT NULL,
  `size_bytes` bigint NOT NULL DEFAULT 0,
  `virtual_size_bytes` bigint NOT NULL DEFAULT 0,
  `operation_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  KEY `template_domain` (`domain_id`),
  KEY `template_zone` (`zone_id`,`state`),
  KEY `template_account` (`account_id`,`state`)
);

CREATE TABLE `template_on_pool` (
  `template_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `pool_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `size_bytes` bigint NOT NULL DEFAULT 0,
  `created_at` datetime(3) NOT NULL,
  `ready_at` datetime(3) DEFAULT NULL,
  PRIMARY KEY (`template_id`,`pool_id`)
);

CREATE TABLE `template_permission` (
  `template_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `account_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  PRIMARY KEY (`template_id`,`account_id`),
  KEY `template_permission_account` (`account_id`)
);

CREATE TABLE `traffic_type` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `physical_network_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `traffic_type` varchar(20) NOT NULL,
  `kvm_network_label` varchar(255) DEFAULT NULL,
  `vmware_network_label` varchar(255) DEFAULT NULL,
  `xen_network_label` varchar(255) DEFAULT NULL,
  `hyperv_network_label` varchar(255) DEFAULT NULL,
  `ovm3_network_label` varchar(255) DEFAULT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `traffic_type_network` (`physical_network_id`,`traffic_type`)
);

CREATE TABLE `user` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `account_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `username` varchar(255) NOT NULL,
  `first_name` varchar(255) NOT NULL,
  `last_name` varchar(255) NOT NULL,
  `email` varchar(255) NOT NULL,
  `password_hash` varchar(255) NOT NULL,
  `api_key` varchar(100) DEFAULT NULL,
  `secret_key_sealed` longtext DEFAULT NULL,
  `state` varchar(20) NOT NULL,
  `failed_logins` int NOT NULL DEFAULT 0,
  `is_default` tinyint NOT NULL DEFAULT 0,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `user_api_key` (`api_key`),
  KEY `user_name` (`username`),
  KEY `user_account` (`account_id`)
);

CREATE TABLE `user_data` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `account_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `domain_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `name` varchar(255) NOT NULL,
  `data_sealed` longtext NOT NULL,
  `params` varchar(4096) DEFAULT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `user_data_owner_name` (`account_id`,`name`),
  KEY `user_data_domain` (`domain_id`)
);

CREATE TABLE `virtual_machine` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `name` varchar(255) NOT NULL,
  `display_name` varchar(255) NOT NULL,
  `instance_name` varchar(60) NOT NULL,
  `account_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `domain_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `user_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `zone_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `host_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `last_host_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `requested_host_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `template_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `iso_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `service_offering_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `cpu_count` int NOT NULL,
  `cpu_mhz` int NOT NULL,
  `memory_mib` int NOT NULL,
  `state` varchar(20) NOT NULL,
  `desired_power` varchar(10) NOT NULL,
  `observed_power` varchar(10) NOT NULL,
  `observed_at` datetime(3) DEFAULT NULL,
  `crashed_at` datetime(3) DEFAULT NULL,
  `operation_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `group_name` varchar(255) DEFAULT NULL,
  `user_data_sealed` longtext DEFAULT NULL,
  `user_data_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `user_data_details_sealed` longtext DEFAULT NULL,
  `public_keys` longtext DEFAULT NULL,
  `key_pair_names` varchar(1024) DEFAULT NULL,
  `seed_resets` int NOT NULL DEFAULT 0,
  `display_vm` tinyint NOT NULL DEFAULT 0,
  `ha_priority` int DEFAULT NULL,
  `created_at` datetime(3) NOT NULL,
  `destroyed_at` datetime(3) DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `vm_iso` (`iso_id`),
  KEY `vm_user_data` (`user_data_id`),
  KEY `vm_crashed` (`crashed_at`),
  KEY `vm_power` (`state`,`observed_power`),
  KEY `vm_name` (`name`),
  KEY `vm_zone` (`zone_id`),
  KEY `vm_host` (`host_id`,`state`),
  KEY `vm_domain_page` (`domain_id`,`id`,`state`,`account_id`),
  KEY `vm_account_page` (`account_id`,`id`,`state`)
);

CREATE TABLE `vlan_ip_range` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `zone_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `physical_network_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `vlan` varchar(20) NOT NULL,
  `gateway` varchar(45) NOT NULL,
  `netmask` varchar(45) NOT NULL,
  `start_ip` varchar(45) NOT NULL,
  `end_ip` varchar(45) NOT NULL,
  `account_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `domain_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  KEY `vlan_ip_range_zone` (`zone_id`)
);

CREATE TABLE `vm_migration` (
  `vm_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `operation_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `source_host_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `destination_host_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `ticket_sealed` longtext NOT NULL,
  `opened_generation` bigint DEFAULT NULL,
  `post_copy_after_ms` int DEFAULT NULL,
  `no_post_copy` longtext DEFAULT NULL,
  `lost` tinyint NOT NULL DEFAULT 0,
  `switched_ms` int DEFAULT NULL,
  `total_ms` int DEFAULT NULL,
  `downtime_ms` int DEFAULT NULL,
  `sent_bytes` bigint DEFAULT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`vm_id`),
  KEY `vm_migration_source` (`source_host_id`),
  KEY `vm_migration_destination` (`destination_host_id`)
);

CREATE TABLE `volume` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `name` varchar(255) NOT NULL,
  `account_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `domain_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `zone_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `vm_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `pool_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `template_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `disk_offering_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `kind` varchar(20) NOT NULL,
  `device_id` int NOT NULL DEFAULT 0,
  `attached_at` datetime(3) DEFAULT NULL,
  `size_bytes` bigint NOT NULL,
  `state` varchar(20) NOT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  KEY `volume_pool` (`pool_id`),
  KEY `volume_domain_page` (`domain_id`,`id`,`state`,`account_id`,`kind`),
  KEY `volume_account_page` (`account_id`,`id`,`state`,`kind`),
  KEY `volume_vm` (`vm_id`)
);

CREATE TABLE `volume_copy` (
  `volume_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `operation_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `source_pool_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `target_pool_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `host_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `target_host_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `vm_id` char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `mirrored` tinyint NOT NULL DEFAULT 0,
  `ticket_sealed` longtext DEFAULT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`volume_id`),
  KEY `volume_copy_target` (`target_pool_id`),
  KEY `volume_copy_source` (`source_pool_id`)
);

CREATE TABLE `volume_hold` (
  `volume_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `pool_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `host_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `lost_host_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`volume_id`,`pool_id`),
  KEY `volume_hold_lost` (`lost_host_id`)
);

CREATE TABLE `vpc_offering` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `name` varchar(255) NOT NULL,
  `display_text` varchar(4096) NOT NULL,
  `state` varchar(20) NOT NULL,
  `is_default` tinyint NOT NULL DEFAULT 0,
  `services_json` longtext NOT NULL,
  `live_key` varchar(36) NOT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `vpc_offering_name` (`name`,`live_key`)
);

CREATE TABLE `zone` (
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `name` varchar(255) NOT NULL,
  `dns1` varchar(45) NOT NULL,
  `dns2` varchar(45) DEFAULT NULL,
  `internal_dns1` varchar(45) NOT NULL,
  `network_type` varchar(20) NOT NULL,
  `vni_first` int DEFAULT NULL,
  `vni_last` int DEFAULT NULL,
  `allocation_state` varchar(20) NOT NULL,
  `out_of_band_management_disabled` tinyint NOT NULL DEFAULT 0,
  `ha_disabled` tinyint NOT NULL DEFAULT 0,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `zone_name` (`name`)
);
