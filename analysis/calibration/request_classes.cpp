#include "analysis/calibration/request_classes.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <optional>
#include <utility>

namespace spillway::analysis {
namespace {

using Eigen::Index;
using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;
using Group = std::vector<std::size_t>;

constexpr double kLeastVariance = 0.05 * 0.05;  ///< of a logarithm: finer differences are the clock's
constexpr int kRounds = 60;

struct Normal {
  double weight = 1;
  Vector mean, variance;
};

Normal fit(const Matrix& rows, const Vector& share) {
  Normal normal;
  const double total = std::max(1e-9, share.sum());
  normal.weight = total / static_cast<double>(rows.rows());
  normal.mean = (rows.transpose() * share) / total;
  const Matrix gaps = rows.rowwise() - normal.mean.transpose();
  normal.variance = ((gaps.array().square().matrix().transpose() * share) / total).cwiseMax(kLeastVariance);
  return normal;
}

Vector log_density(const Matrix& rows, const Normal& normal) {
  const Matrix gaps = rows.rowwise() - normal.mean.transpose();
  const Vector distance = gaps.array().square().matrix() * normal.variance.cwiseInverse();
  const double constant = normal.variance.array().log().sum() +
                          static_cast<double>(rows.cols()) * std::log(2 * std::numbers::pi);
  return ((-0.5) * (distance.array() + constant) + std::log(std::max(1e-300, normal.weight))).matrix();
}

/// Two normal laws, begun from the two sides of the main direction of the rows.
class Cut {
 public:
  explicit Cut(const Matrix& rows) : rows_{rows}, share_(Vector::Zero(rows.rows())) {
    const Vector centre = rows.colwise().mean();
    const Matrix gaps = rows.rowwise() - centre.transpose();
    const Eigen::SelfAdjointEigenSolver<Matrix> main{gaps.transpose() * gaps};
    const Vector along = gaps * main.eigenvectors().col(rows.cols() - 1);
    share_ = (along.array() > 0).cast<double>().matrix();
    double before = -1e300;
    for (int round = 0; round < kRounds; ++round) {
      likelihood_ = improve();
      if (likelihood_ - before < 1e-6 * static_cast<double>(rows.rows())) break;
      before = likelihood_;
    }
  }
  double likelihood() const { return likelihood_; }
  bool in_first(Index row) const { return share_[row] > 0.5; }

 private:
  double improve() {
    const Vector first = log_density(rows_, fit(rows_, share_));
    const Vector second = log_density(rows_, fit(rows_, Vector::Ones(share_.size()) - share_));
    double total = 0;
    for (Index i = 0; i < share_.size(); ++i) {
      const double top = std::max(first[i], second[i]);
      const double sum = std::exp(first[i] - top) + std::exp(second[i] - top);
      share_[i] = std::exp(first[i] - top) / sum;
      total += top + std::log(sum);
    }
    return total;
  }
  const Matrix& rows_;
  Vector share_;
  double likelihood_ = -1e300;
};

struct Halves {
  Group first, second;
  double gain = 0;  ///< by which the criterion falls
};

std::optional<Halves> cut(const std::vector<std::vector<double>>& all, const Group& group, std::size_t least) {
  if (group.size() < 2 * least || all[group[0]].empty()) return std::nullopt;
  Matrix rows(static_cast<Index>(group.size()), static_cast<Index>(all[group[0]].size()));
  for (Index i = 0; i < rows.rows(); ++i) {
    rows.row(i) = Eigen::Map<const Vector>(all[group[static_cast<std::size_t>(i)]].data(), rows.cols());
  }
  const double one = log_density(rows, fit(rows, Vector::Ones(rows.rows()))).sum();
  const Cut two{rows};
  const double more_parameters = 2 * static_cast<double>(rows.cols()) + 1;
  Halves halves;
  halves.gain = 2 * (two.likelihood() - one) - more_parameters * std::log(static_cast<double>(group.size()));
  for (Index i = 0; i < rows.rows(); ++i) {
    (two.in_first(i) ? halves.first : halves.second).push_back(group[static_cast<std::size_t>(i)]);
  }
  if (halves.gain <= 0 || std::min(halves.first.size(), halves.second.size()) < least) return std::nullopt;
  return halves;
}

}  // namespace

std::vector<Group> alike(const std::vector<std::vector<double>>& rows, std::size_t least, std::size_t most) {
  Group everybody(rows.size());
  std::iota(everybody.begin(), everybody.end(), std::size_t{0});
  std::vector<Group> groups{everybody};
  std::vector<std::optional<Halves>> cuts{rows.empty() ? std::nullopt : cut(rows, everybody, least)};
  while (groups.size() < most) {
    std::size_t best = groups.size();
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (cuts[i] && (best == groups.size() || cuts[i]->gain > cuts[best]->gain)) best = i;
    }
    if (best == groups.size()) break;
    Halves halves = std::move(*cuts[best]);
    groups[best] = std::move(halves.first);
    groups.push_back(std::move(halves.second));
    cuts[best] = cut(rows, groups[best], least);
    cuts.push_back(cut(rows, groups.back(), least));
  }
  return groups;
}

}  // namespace spillway::analysis
